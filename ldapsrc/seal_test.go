package ldapsrc

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	krbcrypto "github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/types"

	"adsync/ldapsrc/ldaptest/servers"
)

// acceptor wraps as a server does, with the token's tail rotated to its front
// as Windows sends it.
type acceptor struct {
	key    types.EncryptionKey
	number uint64
}

func (a *acceptor) wrap(t *testing.T, plain string, sealed bool, rotation int) []byte {
	t.Helper()
	kind, err := krbcrypto.GetEtype(a.key.KeyType)
	if err != nil {
		t.Fatal(err)
	}
	h := make([]byte, wrapHeader)
	h[0], h[1], h[2], h[3] = 5, 4, wrapAcceptor|wrapSubkey, 0xff
	binary.BigEndian.PutUint64(h[8:], a.number)
	a.number++
	var body []byte
	if sealed {
		h[2] |= wrapSealed
		_, body, err = kind.EncryptMessage(a.key.KeyValue, append([]byte(plain), h...), keyusage.GSSAPI_ACCEPTOR_SEAL)
	} else {
		var sum []byte
		sum, err = kind.GetChecksumHash(a.key.KeyValue, append([]byte(plain), h...), keyusage.GSSAPI_ACCEPTOR_SEAL)
		body = append([]byte(plain), sum...)
		binary.BigEndian.PutUint16(h[4:], uint16(len(sum)))
	}
	if err != nil {
		t.Fatal(err)
	}
	binary.BigEndian.PutUint16(h[6:], uint16(rotation))
	cut := len(body) - rotation%len(body)
	return append(append(h, body[cut:]...), body[:cut]...)
}

func wrapPair() (*acceptor, *wrapKeys) {
	key := types.EncryptionKey{KeyType: etypeID.AES256_CTS_HMAC_SHA1_96, KeyValue: bytes.Repeat([]byte{7}, 32)}
	return &acceptor{key: key, number: 41}, &wrapKeys{key: key, acceptorSubkey: true, receive: 41}
}

func TestWrapTokensOfAServer(t *testing.T) {
	for _, sealed := range []bool{false, true} {
		for _, rotation := range []int{0, 12, 28, 1000} {
			a, k := wrapPair()
			for _, text := range []string{"x", strings.Repeat("long ", 1000)} {
				if got, err := k.unwrap(a.wrap(t, text, sealed, rotation)); err != nil || string(got) != text {
					t.Errorf("sealed %v, rotated by %d: %.20q, %v", sealed, rotation, got, err)
				}
			}
		}
	}
}

func TestWrapTokensThatWereTamperedWith(t *testing.T) {
	for _, sealed := range []bool{false, true} {
		a, _ := wrapPair()
		whole := a.wrap(t, "an entry", sealed, 28)
		for i := range whole {
			if i == 6 || i == 7 { // the rotation is not protected, but spoils the rest
				continue
			}
			_, k := wrapPair()
			changed := bytes.Clone(whole)
			changed[i] ^= 1
			if got, err := k.unwrap(changed); err == nil {
				t.Errorf("sealed %v: byte %d changed, and still %q", sealed, i, got)
			}
		}
		for n := range whole {
			_, k := wrapPair()
			if _, err := k.unwrap(whole[:n]); err == nil {
				t.Errorf("sealed %v: cut to %d bytes, and no error", sealed, n)
			}
		}
		_, k := wrapPair()
		if _, err := k.unwrap(whole); err != nil {
			t.Fatal(err)
		}
		if _, err := k.unwrap(whole); err == nil || !strings.Contains(err.Error(), "lost or repeated") {
			t.Errorf("a repeated token: %v", err)
		}
		a.wrap(t, "lost on the way", sealed, 0)
		if _, err := k.unwrap(a.wrap(t, "next", sealed, 0)); err == nil || !strings.Contains(err.Error(), "lost or repeated") {
			t.Errorf("a lost token: %v", err)
		}
	}
}

func TestASealedConnectionGoesOnWhereAReadEnds(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	a, k := wrapPair()
	c := &sealConn{Conn: near, keys: k, layer: layerSeal, limit: plainFrameSize}
	first, second := a.wrap(t, "one two", true, 0), a.wrap(t, " three", true, 0)
	go func() {
		for _, token := range [][]byte{first, second} {
			far.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(token))), token...))
		}
		far.Write([]byte{0, 0, 0, 9, 1}) // cut inside a token
		far.Close()
	}()
	var text []byte
	small := make([]byte, 3)
	for len(text) < len("one two three") {
		n, err := c.Read(small)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, small[:n]...)
	}
	if string(text) != "one two three" {
		t.Errorf("got %q", text)
	}
	if _, err := c.Read(small); err != io.ErrUnexpectedEOF {
		t.Errorf("a cut token: %v", err)
	}
}

func FuzzUnwrap(f *testing.F) {
	f.Add([]byte{5, 4, 7, 0xff, 0, 0, 0, 28, 0, 0, 0, 0, 0, 0, 0, 41, 1, 2, 3})
	f.Add([]byte{5, 4, 5, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 41})
	f.Fuzz(func(t *testing.T, token []byte) {
		_, k := wrapPair()
		if got, err := k.unwrap(token); err == nil {
			t.Errorf("a forged token holds %q", got)
		}
	})
}

// Samba's own default refuses a password without TLS and SASL without signing.
func TestAControllerThatDemandsSigning(t *testing.T) {
	s := servers.StartSamba(t, servers.SambaOptions{StrongAuth: servers.StrongAuthYes})
	cfg := sambaConfig(s, "ldap")
	cfg.Bind.Method, cfg.Bind.Realm = Kerberos, s.Realm()
	if p, err := readSamba(t, cfg, s.BaseDN()); err != nil || p.Encryption != "Kerberos, sealed" {
		t.Errorf("sealed: %+v, %v", p, err)
	}
	cfg.TLS.StartTLS = true
	if _, err := readSamba(t, cfg, s.BaseDN()); err == nil || !strings.Contains(err.Error(), "the server demands encryption or signing (8") {
		t.Errorf("Kerberos inside TLS: %v", err)
	}
	cfg.TLS.StartTLS, cfg.Timeout = false, time.Second
	read := func(t *testing.T, breaks func()) error {
		l := connect(t, cfg)
		_, err := l.search(t.Context(), request{base: s.BaseDN(), scope: ldap.ScopeWholeSubtree, filter: "(objectClass=user)", pageSize: 1}, once(breaks))
		return err
	}
	t.Run("and hangs in the middle of a list", func(t *testing.T) {
		err := read(t, s.Stop)
		s.Continue()
		if err == nil || !strings.Contains(err.Error(), "no answer for 1s") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("and is killed in the middle of a list", func(t *testing.T) {
		if err := read(t, s.KillWorkers); err == nil {
			t.Error("no error")
		}
	})
}

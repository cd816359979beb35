package ldapsrc

import (
	"crypto"
	"crypto/md5"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jcmturner/gokrb5/v8/client"
	krbcrypto "github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/gssapi"
	"github.com/jcmturner/gokrb5/v8/iana/chksumtype"
	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/iana/flags"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/spnego"
	"github.com/jcmturner/gokrb5/v8/types"
)

// Security layers of SASL GSSAPI (RFC 4752 3.3).
const (
	layerNone = 1
	layerSign = 2
	layerSeal = 4
)

// A gssContext is the client's half of a Kerberos security context
// (RFC 4121, RFC 4752), an ldap.GSSAPIClient for one bind. Unlike go-ldap's it
// proves the server, binds to the TLS channel, and agrees on a security layer
// where there is no TLS.
type gssContext struct {
	client  *client.Client
	wanted  byte   // the layer: seal or sign on a plain connection, none over TLS
	binding []byte // of the TLS channel (RFC 5929), nil without TLS

	authenticator types.Authenticator
	session       types.EncryptionKey
	keys          wrapKeys
	layer         byte // agreed
	sendLimit     int  // what the server can take in one token
}

// InitSecContext is InitSecContextWithOptions without options.
func (g *gssContext) InitSecContext(target string, token []byte) ([]byte, bool, error) {
	return g.InitSecContextWithOptions(target, token, nil)
}

// InitSecContextWithOptions makes the AP-REQ, and then checks the AP-REP.
func (g *gssContext) InitSecContextWithOptions(target string, token []byte, _ []int) ([]byte, bool, error) {
	if token == nil {
		out, err := g.request(target)
		return out, true, err
	}
	return nil, false, g.reply(token)
}

// DeleteSecContext leaves the keys: the security layer needs them.
func (g *gssContext) DeleteSecContext() error { return nil }

// request makes the initial token (RFC 4121 4.1).
func (g *gssContext) request(target string) ([]byte, error) {
	ticket, key, err := g.client.GetServiceTicket(target)
	if err != nil {
		return nil, err
	}
	switch key.KeyType {
	case etypeID.AES128_CTS_HMAC_SHA1_96, etypeID.AES256_CTS_HMAC_SHA1_96,
		etypeID.AES128_CTS_HMAC_SHA256_128, etypeID.AES256_CTS_HMAC_SHA384_192:
	default:
		return nil, errWeakTicket
	}
	g.session = key
	if g.authenticator, err = types.NewAuthenticator(g.client.Credentials.Domain(), g.client.Credentials.CName()); err != nil {
		return nil, err
	}
	g.authenticator.Cksum = types.Checksum{CksumType: chksumtype.GSSAPI, Checksum: g.checksum()}
	request, err := messages.NewAPReq(ticket, key, g.authenticator)
	if err != nil {
		return nil, err
	}
	types.SetFlag(&request.APOptions, flags.APOptionMutualRequired)
	body, err := request.Marshal()
	if err != nil {
		return nil, err
	}
	return initialToken([]byte{1, 0}, body), nil
}

var errWeakTicket = errors.New("the KDC's ticket is not encrypted with AES")

// checksum is the "checksum" 0x8003 that carries the channel binding and the
// context's flags (RFC 4121 4.1.1). Integrity and confidentiality must not be
// asked for over TLS: a domain controller refuses to protect twice.
func (g *gssContext) checksum() []byte {
	b := make([]byte, 24)
	binary.LittleEndian.PutUint32(b, 16)
	if g.binding != nil {
		sum := md5.Sum(channelBindings(g.binding))
		copy(b[4:], sum[:])
	}
	wanted := uint32(gssapi.ContextFlagMutual | gssapi.ContextFlagReplay | gssapi.ContextFlagSequence)
	if g.wanted >= layerSign {
		wanted |= gssapi.ContextFlagInteg
	}
	if g.wanted >= layerSeal {
		wanted |= gssapi.ContextFlagConf
	}
	binary.LittleEndian.PutUint32(b[20:], wanted)
	return b
}

// channelBindings is the structure whose MD5 goes into the checksum, with
// empty addresses (RFC 4121 4.1.1.2).
func channelBindings(data []byte) []byte {
	b := make([]byte, 20, 20+len(data))
	binary.LittleEndian.PutUint32(b[16:], uint32(len(data)))
	return append(b, data...)
}

// endpointBinding is the channel binding "tls-server-end-point"
// (RFC 5929 4.1): the certificate's hash, by the hash of its signature.
func endpointBinding(certificate *x509.Certificate) []byte {
	hash := crypto.SHA256
	switch certificate.SignatureAlgorithm {
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		hash = crypto.SHA384
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		hash = crypto.SHA512
	}
	h := hash.New()
	h.Write(certificate.Raw)
	return h.Sum([]byte("tls-server-end-point:"))
}

// initialToken frames a token of the Kerberos mechanism (RFC 2743 3.1).
func initialToken(id, body []byte) []byte {
	oid := []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02}
	size := len(oid) + len(id) + len(body)
	b := []byte{0x60, 0x84, byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)}
	switch {
	case size < 0x80:
		b = []byte{0x60, byte(size)}
	case size < 0x100:
		b = []byte{0x60, 0x81, byte(size)}
	case size < 0x10000:
		b = []byte{0x60, 0x82, byte(size >> 8), byte(size)}
	}
	return append(append(append(b, oid...), id...), body...)
}

// reply checks the AP-REP: only the holder of the service's key could have
// decrypted our time stamp (RFC 4120 3.2.5).
func (g *gssContext) reply(token []byte) error {
	var t spnego.KRB5Token
	if err := t.Unmarshal(token); err != nil {
		return err
	}
	if t.IsKRBError() {
		return t.KRBError
	}
	if !t.IsAPRep() {
		return errors.New("the server's answer is no AP-REP")
	}
	plain, err := krbcrypto.DecryptEncPart(t.APRep.EncPart, g.session, keyusage.AP_REP_ENCPART)
	if err != nil {
		return fmt.Errorf("decrypt the server's answer: %w", err)
	}
	var part messages.EncAPRepPart
	if err := part.Unmarshal(plain); err != nil {
		return err
	}
	if part.Cusec != g.authenticator.Cusec || !part.CTime.Equal(g.authenticator.CTime.Truncate(time.Second)) {
		return errors.New("the server did not prove that it is the one the ticket is for")
	}
	g.keys = wrapKeys{key: g.session, send: uint64(g.authenticator.SeqNumber), receive: uint64(uint32(part.SequenceNumber))}
	if len(part.Subkey.KeyValue) > 0 {
		g.keys.key, g.keys.acceptorSubkey = part.Subkey, true
	}
	return nil
}

// NegotiateSaslAuth agrees on the security layer (RFC 4752 3.1).
func (g *gssContext) NegotiateSaslAuth(token []byte, authzid string) ([]byte, error) {
	offer, err := g.keys.unwrap(token)
	if err != nil {
		return nil, err
	}
	if len(offer) != 4 {
		return nil, errors.New("the server's offer of security layers is malformed")
	}
	offered := offer[0]
	g.sendLimit = int(offer[1])<<16 | int(offer[2])<<8 | int(offer[3])
	switch {
	case g.wanted == layerNone && offered&layerNone != 0:
		g.layer = layerNone
	case g.wanted == layerNone:
		return nil, errors.New("the server insists on a Kerberos security layer inside TLS")
	case offered&g.wanted != 0:
		g.layer = g.wanted
	case offered&layerSign != 0:
		g.layer = layerSign
	default:
		return nil, errors.New("the server offers neither signing nor sealing")
	}
	choice := []byte{g.layer, 0, 0, 0}
	if g.layer != layerNone {
		choice[1], choice[2], choice[3] = byte(receiveLimit>>16), byte(receiveLimit>>8&0xff), byte(receiveLimit&0xff)
	}
	return g.keys.wrap(append(choice, authzid...), layerSign)
}

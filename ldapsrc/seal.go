package ldapsrc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"

	krbcrypto "github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/types"
)

// Wrap tokens (RFC 4121 4.2.6.2).
const (
	wrapHeader     = 16
	wrapAcceptor   = 1 // flag: sent by the acceptor
	wrapSealed     = 2 // flag: encrypted
	wrapSubkey     = 4 // flag: with the acceptor's subkey
	receiveLimit   = 0xffffff
	wrapOverhead   = 128 // header, confounder, checksum: less than this
	plainFrameSize = 60 << 10
)

// wrapKeys wraps and unwraps the messages of one security context. Every token
// has a number; one that is lost, repeated or out of order is an error, so that
// nobody on the way can leave out an entry.
type wrapKeys struct {
	key            types.EncryptionKey
	acceptorSubkey bool
	send, receive  uint64
}

// wrap makes a token, encrypted if the layer is layerSeal.
func (k *wrapKeys) wrap(plain []byte, layer byte) ([]byte, error) {
	kind, err := krbcrypto.GetEtype(k.key.KeyType)
	if err != nil {
		return nil, err
	}
	h := make([]byte, wrapHeader, wrapHeader+len(plain)+wrapOverhead)
	h[0], h[1], h[3] = 5, 4, 0xff
	if k.acceptorSubkey {
		h[2] |= wrapSubkey
	}
	if layer == layerSeal {
		h[2] |= wrapSealed
	}
	binary.BigEndian.PutUint64(h[8:], k.send)
	k.send++
	covered := append(append(make([]byte, 0, len(plain)+wrapHeader), plain...), h...)
	if layer == layerSeal {
		_, sealed, err := kind.EncryptMessage(k.key.KeyValue, covered, keyusage.GSSAPI_INITIATOR_SEAL)
		return append(h, sealed...), err
	}
	sum, err := kind.GetChecksumHash(k.key.KeyValue, covered, keyusage.GSSAPI_INITIATOR_SEAL)
	binary.BigEndian.PutUint16(h[4:], uint16(len(sum)))
	return append(append(h, plain...), sum...), err
}

// unwrap checks a token of the server and returns what it holds.
func (k *wrapKeys) unwrap(token []byte) ([]byte, error) {
	if len(token) < wrapHeader || token[0] != 5 || token[1] != 4 || token[3] != 0xff {
		return nil, errors.New("malformed wrap token (RFC 4121 4.2.6.2)")
	}
	flags := token[2]
	if flags&wrapAcceptor == 0 || (flags&wrapSubkey != 0) != k.acceptorSubkey {
		return nil, errors.New("a wrap token that is not the server's")
	}
	extra := int(binary.BigEndian.Uint16(token[4:]))
	rotation := int(binary.BigEndian.Uint16(token[6:]))
	if number := binary.BigEndian.Uint64(token[8:]); number != k.receive {
		return nil, fmt.Errorf("wrap token %d instead of %d: messages were lost or repeated", number, k.receive)
	}
	k.receive++
	kind, err := krbcrypto.GetEtype(k.key.KeyType)
	if err != nil {
		return nil, err
	}
	body := rotateLeft(token[wrapHeader:], rotation)
	header := append([]byte{}, token[:wrapHeader]...)
	header[6], header[7] = 0, 0 // the rotation is not covered
	if flags&wrapSealed == 0 {
		if extra > len(body) {
			return nil, errors.New("a wrap token shorter than its checksum")
		}
		plain, sum := body[:len(body)-extra], body[len(body)-extra:]
		header[4], header[5] = 0, 0
		covered := append(append(make([]byte, 0, len(plain)+wrapHeader), plain...), header...)
		if !kind.VerifyChecksum(k.key.KeyValue, covered, sum, keyusage.GSSAPI_ACCEPTOR_SEAL) {
			return nil, errors.New("the checksum of a wrap token is wrong")
		}
		return plain, nil
	}
	// gokrb5 panics on a text shorter than its own frame.
	if len(body) < kind.GetConfounderByteSize()+wrapHeader+kind.GetHMACBitLength()/8 {
		return nil, errors.New("a wrap token shorter than its header")
	}
	plain, err := kind.DecryptMessage(k.key.KeyValue, body, keyusage.GSSAPI_ACCEPTOR_SEAL)
	if err != nil {
		return nil, fmt.Errorf("decrypt a wrap token: %w", err)
	}
	end := len(plain) - wrapHeader
	if end-extra < 0 || string(plain[end:]) != string(header) {
		return nil, errors.New("a wrap token whose header was changed")
	}
	return plain[:end-extra], nil
}

// rotateLeft undoes the sender's right rotation.
func rotateLeft(b []byte, n int) []byte {
	if len(b) == 0 || n%len(b) == 0 {
		return b
	}
	n %= len(b)
	return append(append(make([]byte, 0, len(b)), b[n:]...), b[:n]...)
}

// A sealConn is a connection on which a SASL security layer can be switched
// on: from then on every message goes as a wrap token behind its length in four
// octets (RFC 4422 3.7).
type sealConn struct {
	net.Conn
	keys  *wrapKeys // nil until the layer is in force
	layer byte
	limit int // of the plain bytes in one token

	plain []byte // unwrapped and not yet read
	token []byte
}

// protect switches the layer on. Both sides do so right after the bind.
func (c *sealConn) protect(g *gssContext) {
	keys := g.keys
	c.keys, c.layer = &keys, g.layer
	c.limit = plainFrameSize
	if g.sendLimit > wrapOverhead {
		c.limit = min(c.limit, g.sendLimit-wrapOverhead)
	}
}

func (c *sealConn) Read(p []byte) (int, error) {
	if c.keys == nil {
		return c.Conn.Read(p)
	}
	for len(c.plain) == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.plain)
	c.plain = c.plain[n:]
	return n, nil
}

func (c *sealConn) next() error {
	var size [4]byte
	if _, err := io.ReadFull(c.Conn, size[:]); err != nil {
		return err
	}
	n := int(binary.BigEndian.Uint32(size[:]))
	if n > receiveLimit {
		return fmt.Errorf("a wrap token of %d bytes: the limit is %d", n, receiveLimit)
	}
	if cap(c.token) < n {
		c.token = make([]byte, n)
	}
	if _, err := io.ReadFull(c.Conn, c.token[:n]); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	plain, err := c.keys.unwrap(c.token[:n])
	c.plain = plain
	return err
}

func (c *sealConn) Write(p []byte) (int, error) {
	if c.keys == nil {
		return c.Conn.Write(p)
	}
	for sent := 0; sent < len(p); {
		part := p[sent:min(len(p), sent+c.limit)]
		token, err := c.keys.wrap(part, c.layer)
		if err != nil {
			return sent, err
		}
		frame := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(token)), uint32(len(token)))
		if _, err := c.Conn.Write(append(frame, token...)); err != nil {
			return sent, err
		}
		sent += len(part)
	}
	return len(p), nil
}

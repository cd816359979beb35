package ldaptest

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"encoding/binary"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/go-ldap/ldap/v3"
	//lint:ignore SA1019 NTLM is defined with MD4
	"golang.org/x/crypto/md4" //nolint:staticcheck
)

// The authentication choices of AD's own bind ("Sicily", [MS-ADTS] section
// 5.1.1.1.3).
const (
	sicilyNegotiate = 10
	sicilyResponse  = 11
)

// ntlmBind is the server's side of NTLMv2 ([MS-NLMP]): the first bind gets a
// challenge, in the place of matchedDN; the second is checked against it.
func (c *conn) ntlmBind(choice int, token []byte) result {
	d := c.srv.dir
	switch {
	case d.flavor != ActiveDirectory:
		return result{code: ldap.LDAPResultAuthMethodNotSupported, message: "unknown authentication choice"}
	case c.srv.options.RequireTLS && !c.tls.Load():
		return result{code: ldap.LDAPResultStrongAuthRequired, message: integrityMessage}
	case choice == sicilyNegotiate && bytes.HasPrefix(token, []byte("NTLMSSP\x00\x01")):
		c.challenge = make([]byte, 8)
		if _, err := rand.Read(c.challenge); err != nil {
			return result{code: ldap.LDAPResultOther, message: err.Error()}
		}
		return result{matched: string(ntlmChallenge(c.challenge, d.netbios, c.srv.options.Host))}
	case choice == sicilyResponse && c.challenge != nil:
		challenge := c.challenge
		c.challenge = nil
		dn, data := d.checkNTLM(challenge, token)
		if data != "" {
			return result{code: ldap.LDAPResultInvalidCredentials, message: bindMessage(data)}
		}
		c.bind = identity{bound: true, dn: dn}
		return result{}
	}
	return result{code: ldap.LDAPResultInvalidCredentials, message: bindMessage("57")}
}

// ntlmChallenge builds a CHALLENGE_MESSAGE, [MS-NLMP] section 2.2.1.2.
func ntlmChallenge(challenge []byte, domain, host string) []byte {
	const head = 56
	const flags = 0x00000001 | 0x00000004 | 0x00000200 | 0x00008000 | 0x00010000 | 0x00080000 | 0x00800000 // Unicode, target, NTLM, sign, domain, extended security, target info
	target := utf16Bytes(domain)
	var info []byte
	pair := func(id uint16, value []byte) {
		info = binary.LittleEndian.AppendUint16(info, id)
		info = binary.LittleEndian.AppendUint16(info, uint16(len(value)))
		info = append(info, value...)
	}
	name, dns, _ := strings.Cut(host, ".")
	pair(2, target)
	pair(1, utf16Bytes(strings.ToUpper(name)))
	pair(4, utf16Bytes(dns))
	pair(3, utf16Bytes(host))
	pair(7, binary.LittleEndian.AppendUint64(nil, uint64(fileTime(time.Now()))))
	pair(0, nil)

	message := append([]byte("NTLMSSP\x00"), 2, 0, 0, 0)
	message = appendNTLMField(message, len(target), head)
	message = binary.LittleEndian.AppendUint32(message, flags)
	message = append(append(message, challenge...), make([]byte, 8)...)
	message = appendNTLMField(message, len(info), head+len(target))
	message = append(message, 10, 0, 0x7C, 0x4F, 0, 0, 0, 15) // version of Windows Server 2019
	return append(append(message, target...), info...)
}

func appendNTLMField(b []byte, length, offset int) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(length))
	b = binary.LittleEndian.AppendUint16(b, uint16(length))
	return binary.LittleEndian.AppendUint32(b, uint32(offset))
}

// checkNTLM verifies an AUTHENTICATE_MESSAGE ([MS-NLMP] sections 2.2.1.3 and
// 3.3.2) and returns the DN, or AD's code for why it is refused.
func (d *Directory) checkNTLM(challenge, message []byte) (dn, data string) {
	answer, okAnswer := ntlmField(message, 20)
	domain, okDomain := ntlmField(message, 28)
	user, okUser := ntlmField(message, 36)
	if !bytes.HasPrefix(message, []byte("NTLMSSP\x00\x03")) || !okAnswer || !okDomain || !okUser || len(answer) < 24 {
		return "", "57"
	}
	name := utf16Text(user)
	d.mu.RLock()
	defer d.mu.RUnlock()
	e := d.account(d.netbios + `\` + name)
	if e == nil {
		e = d.account(name)
	}
	if e == nil {
		return "", "525"
	}
	password, ok := d.passwords[e.key]
	if !ok {
		return "", "52e"
	}
	hash := md4.New()
	_, _ = hash.Write(utf16Bytes(password))
	key := hmacMD5(hash.Sum(nil), utf16Bytes(strings.ToUpper(name)), domain)
	if !hmac.Equal(hmacMD5(key, challenge, answer[16:]), answer[:16]) {
		return "", "52e"
	}
	return e.dn, d.barred(e, time.Now())
}

// ntlmField returns what the length and offset at a place of a message point to.
func ntlmField(message []byte, at int) ([]byte, bool) {
	if len(message) < at+8 {
		return nil, false
	}
	length := int(binary.LittleEndian.Uint16(message[at:]))
	offset := int(binary.LittleEndian.Uint32(message[at+4:]))
	if offset > len(message) || length > len(message)-offset {
		return nil, false
	}
	return message[offset : offset+length], true
}

func hmacMD5(key []byte, parts ...[]byte) []byte {
	mac := hmac.New(md5.New, key)
	for _, part := range parts {
		_, _ = mac.Write(part)
	}
	return mac.Sum(nil)
}

func utf16Bytes(s string) []byte {
	var b []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return b
}

func utf16Text(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}

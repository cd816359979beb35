package ldaptest

import (
	"crypto/tls"
	"fmt"
	"strings"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// identity is who a connection is bound as.
type identity struct {
	bound bool
	dn    string
}

// integrityMessage is what a DC says to a bind that it wants protected.
const integrityMessage = "00002028: LdapErr: DSID-0C090276, comment: The server requires binds to turn on integrity checking if SSL\\TLS are not already active on the connection, data 0, v4563"

func bindMessage(data string) string {
	return "80090308: LdapErr: DSID-0C090449, comment: AcceptSecurityContext error, data " + data + ", v4563"
}

// handleBind is RFC 4511 section 4.2.
func (c *conn) handleBind(id int64, op *ber.Packet) error {
	if len(op.Children) < 3 {
		return c.answer(id, result{code: ldap.LDAPResultProtocolError}.encode(opBindResponse))
	}
	name := string(packetBytes(op.Children[1]))
	credentials := op.Children[2]
	request := Request{Op: OpBind, Connection: c.number, TLS: c.tls.Load(), DN: name, Method: "simple"}
	switch {
	case credentials.Tag == 3 && len(credentials.Children) > 0:
		request.Method = string(packetBytes(credentials.Children[0]))
	case credentials.Tag == sicilyNegotiate, credentials.Tag == sicilyResponse:
		request.Method = "NTLM"
	case credentials.Tag == 0 && len(packetBytes(credentials)) == 0:
		request.Method = "anonymous"
	}
	logged := c.srv.log.add(request)
	res, err := c.strikeAll(c.srv.faults.of(request))
	if err != nil {
		return err
	}
	if res == nil {
		c.bind = identity{} // RFC 4511 section 4.2.1: a failed bind leaves anonymous
		answer := c.authenticate(request, name, credentials)
		res = &answer
	}
	c.srv.log.update(logged, func(r *Request) { r.Done, r.Result = true, res.code })
	return c.answer(id, res.encode(opBindResponse))
}

func (c *conn) strikeAll(faults []*Injected) (*result, error) {
	for _, f := range faults {
		if res, err := c.strike(c.ctx, f.strike()); res != nil || err != nil {
			return res, err
		}
	}
	return nil, nil
}

func (c *conn) authenticate(request Request, name string, credentials *ber.Packet) result {
	switch request.Method {
	case "simple", "anonymous":
		if credentials.Tag != 0 {
			return result{code: ldap.LDAPResultAuthMethodNotSupported, message: "unknown authentication choice"}
		}
		return c.simpleBind(name, string(packetBytes(credentials)))
	case "NTLM":
		return c.ntlmBind(int(credentials.Tag), packetBytes(credentials))
	case "EXTERNAL":
		return c.externalBind()
	}
	return result{code: ldap.LDAPResultAuthMethodNotSupported, message: "SASL mechanism " + request.Method + " is not supported"}
}

func (c *conn) simpleBind(name, password string) result {
	d := c.srv.dir
	if c.srv.options.RequireTLS && !c.tls.Load() && password != "" {
		if d.flavor == ActiveDirectory {
			return result{code: ldap.LDAPResultStrongAuthRequired, message: integrityMessage}
		}
		return result{code: ldap.LDAPResultConfidentialityRequired, message: "confidentiality required"}
	}
	if password == "" {
		// RFC 4513 section 5.1.2: a name without a password proves nothing.
		switch {
		case name == "":
			return result{}
		case d.flavor == ActiveDirectory:
			return result{code: ldap.LDAPResultInvalidCredentials, message: bindMessage("52e")}
		}
		return result{code: ldap.LDAPResultUnwillingToPerform, message: "unauthenticated bind (DN with no password) disallowed"}
	}
	dn, data := d.checkPassword(name, password)
	switch {
	case data == "":
		c.bind = identity{bound: true, dn: dn}
		return result{}
	case data == "34":
		return result{code: ldap.LDAPResultInvalidDNSyntax, message: "invalid DN"}
	case d.flavor == ActiveDirectory:
		return result{code: ldap.LDAPResultInvalidCredentials, message: bindMessage(data)}
	}
	return result{code: ldap.LDAPResultInvalidCredentials}
}

// externalBind takes the client certificate's subject as the name (RFC 4513
// section 5.2.3).
func (c *conn) externalBind() result {
	if secured, ok := c.net.(*tls.Conn); ok {
		if chain := secured.ConnectionState().PeerCertificates; len(chain) > 0 {
			c.bind = identity{bound: true, dn: chain[0].Subject.String()}
			return result{}
		}
	}
	return result{code: ldap.LDAPResultInappropriateAuthentication, message: "SASL(-4): no mechanism available: no client certificate"}
}

// checkPassword returns the DN that name stands for, or AD's code for why it
// may not bind. Why an account is barred is told only to who has its password.
func (d *Directory) checkPassword(name, password string) (dn, data string) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	e := d.account(name)
	if e == nil {
		key, err := parseName(name)
		if err != nil && d.flavor == OpenLDAP {
			return "", "34"
		}
		if have, ok := d.passwords[key]; err == nil && ok && have == password {
			return name, ""
		}
		return "", "525"
	}
	if have, ok := d.passwords[e.key]; !ok || have != password {
		return "", "52e"
	}
	if d.flavor == ActiveDirectory {
		if data := d.barred(e, time.Now()); data != "" {
			return "", data
		}
	}
	return e.dn, ""
}

// account finds the entry for a bind name: a DN, and in AD also a user
// principal name, user@DOMAIN or DOMAIN\user ([MS-ADTS] section 5.1.1.1.1).
func (d *Directory) account(name string) *entry {
	if e, err := d.find(name); err == nil {
		return e
	}
	if d.flavor != ActiveDirectory {
		return nil
	}
	domain, user, down := strings.Cut(name, `\`)
	local, suffix, at := strings.Cut(name, "@")
	for _, e := range d.list {
		sam := e.text("samaccountname")
		if sam == "" {
			continue
		}
		switch {
		case down && strings.EqualFold(domain, d.netbios) && strings.EqualFold(user, sam),
			at && strings.EqualFold(name, e.text("userprincipalname")),
			at && strings.EqualFold(local, sam) && (strings.EqualFold(suffix, dnsName(d.suffix)) || strings.EqualFold(suffix, d.netbios)):
			return e
		}
	}
	return nil
}

// barred returns why an account may not log on, as AD's data code.
func (d *Directory) barred(e *entry, now time.Time) string {
	control, _ := parseInt([]byte(e.text("useraccountcontrol")))
	expires, _ := parseInt([]byte(e.text("accountexpires")))
	computed := d.computedControl(e, control, now)
	switch {
	case computed&accountLocked != 0:
		return "775"
	case control&accountDisabled != 0:
		return "533"
	case expires != 0 && expires != accountNeverEnds && expires < fileTime(now):
		return "701"
	case computed&passwordExpired != 0 && e.text("pwdlastset") == "0":
		return "773"
	case computed&passwordExpired != 0:
		return "532"
	}
	return ""
}

// handleExtended is StartTLS (RFC 4511 section 4.14) and who am I (RFC 4532).
func (c *conn) handleExtended(id int64, op *ber.Packet) error {
	oid := ""
	if len(op.Children) > 0 {
		oid = string(packetBytes(op.Children[0]))
	}
	if oid == startTLSOID {
		return c.handleStartTLS(id)
	}
	res, value := result{}, ""
	switch {
	case oid == ldap.ControlTypeWhoAmI && c.bind.bound && c.srv.dir.flavor == ActiveDirectory:
		value = "u:" + c.srv.dir.netbios + `\` + c.srv.dir.accountName(c.bind.dn)
	case oid == ldap.ControlTypeWhoAmI && c.bind.bound:
		value = "dn:" + c.bind.dn
	case oid == ldap.ControlTypeWhoAmI:
	default:
		res = result{code: ldap.LDAPResultProtocolError, message: "unsupported extended operation"}
	}
	c.srv.log.add(Request{Op: OpExtended, Connection: c.number, TLS: c.tls.Load(), Method: oid, Done: true, Result: res.code})
	if res.code != 0 {
		return c.answer(id, res.encode(opExtended))
	}
	return c.answer(id, res.encode(opExtended, appendElement(nil, tagExtendedValue, value)...))
}

func (d *Directory) accountName(dn string) string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if e, err := d.find(dn); err == nil {
		return e.text("samaccountname")
	}
	return dn
}

const startTLSOID = "1.3.6.1.4.1.1466.20037"

func (c *conn) handleStartTLS(id int64) error {
	c.finishSearches()
	request := Request{Op: OpStartTLS, Connection: c.number, TLS: c.tls.Load()}
	logged := c.srv.log.add(request)
	res, err := c.strikeAll(c.srv.faults.of(request))
	switch {
	case err != nil:
		return err
	case res == nil && c.tls.Load():
		res = &result{code: ldap.LDAPResultOperationsError, message: "TLS already started"}
	case res == nil:
		res = &result{}
	}
	c.srv.log.update(logged, func(r *Request) { r.Done, r.Result = true, res.code })
	if err := c.answer(id, res.encode(opExtended, appendElement(nil, tagExtendedOID, startTLSOID)...)); err != nil || res.code != 0 {
		return err
	}
	if err := c.startTLS(); err != nil {
		return fmt.Errorf("start TLS: %w", err)
	}
	return nil
}

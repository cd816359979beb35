package ldaptest

import (
	"fmt"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

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

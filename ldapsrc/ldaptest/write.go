package ldaptest

import (
	"errors"
	"fmt"

	"adsync/ldapsrc/ldif"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// handleWrite carries out add, modify, modrdn and delete (RFC 4511 sections 4.6
// to 4.9) for whoever is bound, so that one can play with a directory under
// ldapmodify; compare is refused.
func (c *conn) handleWrite(id int64, op *ber.Packet) error {
	answers := map[ber.Tag]byte{
		ldap.ApplicationAddRequest: opAddResponse, ldap.ApplicationModifyRequest: opModifyResponse,
		ldap.ApplicationModifyDNRequest: opModDNResponse, ldap.ApplicationDelRequest: opDelResponse, ldap.ApplicationCompareRequest: opCompareResponse,
	}
	tag, known := answers[op.Tag]
	if !known {
		return c.disconnect(ldap.LDAPResultProtocolError)
	}
	name := ""
	if op.Tag == ldap.ApplicationDelRequest {
		name = string(packetBytes(op))
	} else if len(op.Children) > 0 {
		name = string(packetBytes(op.Children[0]))
	}
	err := fail(ldap.LDAPResultInsufficientAccessRights, "bind first")
	if c.bind.bound {
		err = c.srv.dir.write(op, name)
	}
	res := result{}
	if err != nil {
		res = result{code: resultCode(err), message: err.Error()}
	}
	c.srv.log.add(Request{Op: OpWrite, Connection: c.number, TLS: c.tls.Load(), DN: name, Done: true, Result: res.code})
	return c.answer(id, res.encode(tag))
}

func (d *Directory) write(op *ber.Packet, name string) error {
	malformed := ldap.NewError(ldap.LDAPResultProtocolError, errors.New("malformed request"))
	switch op.Tag {
	case ldap.ApplicationDelRequest:
		return d.Delete(name)
	case ldap.ApplicationAddRequest:
		if len(op.Children) != 2 {
			return malformed
		}
		var attrs []ldif.Attribute
		for _, child := range op.Children[1].Children {
			a, ok := parseAttribute(child)
			if !ok {
				return malformed
			}
			attrs = append(attrs, a)
		}
		return d.add(name, attrs)
	case ldap.ApplicationModifyRequest:
		if len(op.Children) != 2 {
			return malformed
		}
		var mods []Mod
		for _, child := range op.Children[1].Children {
			if len(child.Children) != 2 {
				return malformed
			}
			n, _ := child.Children[0].Value.(int64)
			a, ok := parseAttribute(child.Children[1])
			if !ok || n < 0 || n > 2 {
				return malformed
			}
			mods = append(mods, Mod{Op: [...]string{"add", "delete", "replace"}[n], Attribute: a})
		}
		return d.Modify(name, mods...)
	case ldap.ApplicationModifyDNRequest:
		if len(op.Children) < 3 {
			return malformed
		}
		superior := parentDN(name)
		if len(op.Children) > 3 {
			superior = string(packetBytes(op.Children[3]))
		}
		return d.Rename(name, string(packetBytes(op.Children[1]))+","+superior)
	}
	return ldap.NewError(ldap.LDAPResultUnwillingToPerform, fmt.Errorf("operation %d is not supported", op.Tag))
}

func parseAttribute(p *ber.Packet) (ldif.Attribute, bool) {
	if len(p.Children) != 2 {
		return ldif.Attribute{}, false
	}
	a := ldif.Attribute{Name: string(packetBytes(p.Children[0]))}
	for _, value := range p.Children[1].Children {
		a.Values = append(a.Values, packetBytes(value))
	}
	return a, true
}

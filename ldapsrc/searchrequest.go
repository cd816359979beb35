package ldapsrc

import (
	"bytes"
	"fmt"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// searchRequest encodes a SearchRequest (RFC 4511 4.5.1). Aliases are never
// followed: each entry is read where it is.
func searchRequest(id int64, req *request, filter *ber.Packet, controls []ldap.Control) []byte {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchRequest, nil, "")
	op.AppendChild(octets(req.base))
	op.AppendChild(enumerated(req.scope))
	op.AppendChild(enumerated(ldap.NeverDerefAliases))
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 0, "")) // size limit
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 0, "")) // time limit
	op.AppendChild(ber.NewBoolean(ber.ClassUniversal, ber.TypePrimitive, ber.TagBoolean, false, ""))
	op.AppendChild(filter)
	attributes := ber.NewSequence("")
	for _, name := range req.attributes() {
		attributes.AppendChild(octets(name))
	}
	op.AppendChild(attributes)

	envelope := ber.NewSequence("")
	envelope.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	envelope.AppendChild(op)
	if len(controls) > 0 {
		list := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "")
		for _, c := range controls {
			list.AppendChild(c.Encode())
		}
		envelope.AppendChild(list)
	}
	return envelope.Bytes()
}

func octets(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

func enumerated(v int) *ber.Packet {
	return ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, v, "")
}

// A pagingControl is the simple paged results control (RFC 2696), critical: a
// server that cannot do it must refuse the search, not send what it pleases.
type pagingControl struct {
	size   int
	cookie []byte
}

func (c *pagingControl) GetControlType() string { return ldap.ControlTypePaging }

func (c *pagingControl) String() string {
	return fmt.Sprintf("paging control of %d entries", c.size)
}

func (c *pagingControl) Encode() *ber.Packet {
	value := ber.NewSequence("")
	value.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, int64(c.size), ""))
	value.AppendChild(octets(string(c.cookie)))
	control := ber.NewSequence("")
	control.AppendChild(octets(ldap.ControlTypePaging))
	control.AppendChild(ber.NewBoolean(ber.ClassUniversal, ber.TypePrimitive, ber.TagBoolean, true, ""))
	control.AppendChild(octets(string(value.Bytes())))
	return control
}

// pagingCookie looks for the paging control among the controls of a
// SearchResultDone.
func pagingCookie(controls []byte) (cookie []byte, found bool, err error) {
	for len(controls) > 0 {
		var control []byte
		if control, controls, err = expect(controls, tagSequence, "a control"); err != nil {
			return nil, false, err
		}
		oid, rest, err := expect(control, tagOctetString, "the type of a control")
		if err != nil {
			return nil, false, err
		}
		if !bytes.Equal(oid, []byte(ldap.ControlTypePaging)) {
			continue
		}
		if len(rest) > 0 && rest[0] == tagBoolean {
			if _, _, rest, err = element(rest); err != nil {
				return nil, false, err
			}
		}
		value, _, err := expect(rest, tagOctetString, "the value of the paging control")
		if err != nil {
			return nil, false, err
		}
		if value, _, err = expect(value, tagSequence, "the paging control"); err != nil {
			return nil, false, err
		}
		if _, value, err = expect(value, tagInteger, "the paging control's size"); err != nil {
			return nil, false, err
		}
		cookie, _, err = expect(value, tagOctetString, "the paging control's cookie")
		return cookie, err == nil, err
	}
	return nil, false, nil
}

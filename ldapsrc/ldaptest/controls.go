package ldaptest

import (
	"slices"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// ldapControl is a control as received.
type ldapControl struct {
	oid      string
	critical bool
	value    []byte
}

// knownControls are those that a search takes, and that rootDSE lists.
func knownControls(flavor Flavor) []string {
	if flavor == ActiveDirectory {
		return []string{
			ldap.ControlTypePaging, ldap.ControlTypeMicrosoftExtendedDN, ldap.ControlTypeMicrosoftDomainScope,
			ldap.ControlTypeMicrosoftShowDeleted, ldap.ControlTypeMicrosoftRangeRetrievalNoErr,
			ldap.ControlTypeMicrosoftSearchOptions, ldap.ControlTypeMicrosoftSDFlags, ldap.ControlTypeManageDsaIT,
		}
	}
	return []string{ldap.ControlTypePaging, ldap.ControlTypeManageDsaIT, ldap.ControlTypeMicrosoftDomainScope}
}

func parseControls(p *ber.Packet) []ldapControl {
	var controls []ldapControl
	for _, child := range p.Children {
		var c ldapControl
		for i, part := range child.Children {
			switch {
			case i == 0:
				c.oid = string(packetBytes(part))
			case part.Tag == ber.TagBoolean:
				c.critical = part.Value == true
			default:
				c.value = packetBytes(part)
			}
		}
		controls = append(controls, c)
	}
	return controls
}

// searchControls is what the controls of a search ask for.
type searchControls struct {
	oids        []string
	paging      *pagingRequest
	extendedDN  extendedDN
	domainScope bool
}

type pagingRequest struct {
	size   int
	cookie string
}

// readControls is RFC 4511 section 4.1.11: an unknown critical control refuses
// the operation.
func readControls(controls []ldapControl, flavor Flavor) (searchControls, *result) {
	var all searchControls
	for _, c := range controls {
		all.oids = append(all.oids, c.oid)
		if c.critical && !slices.Contains(knownControls(flavor), c.oid) {
			return all, &result{code: ldap.LDAPResultUnavailableCriticalExtension, message: "critical control " + c.oid + " is not supported"}
		}
		switch c.oid {
		case ldap.ControlTypePaging:
			p, err := ber.DecodePacketErr(c.value)
			if err != nil || len(p.Children) != 2 {
				return all, &result{code: ldap.LDAPResultProtocolError, message: "paged results control is malformed"}
			}
			size, _ := p.Children[0].Value.(int64)
			all.paging = &pagingRequest{int(size), string(packetBytes(p.Children[1]))}
		case ldap.ControlTypeMicrosoftExtendedDN:
			all.extendedDN = hexDN
			if p, err := ber.DecodePacketErr(c.value); err == nil && len(p.Children) == 1 && p.Children[0].Value == int64(1) {
				all.extendedDN = textDN
			}
		case ldap.ControlTypeMicrosoftDomainScope:
			all.domainScope = true
		case ldap.ControlTypeMicrosoftSearchOptions:
			if p, err := ber.DecodePacketErr(c.value); err == nil && len(p.Children) == 1 {
				flags, _ := p.Children[0].Value.(int64)
				all.domainScope = flags&1 != 0
			}
		}
	}
	return all, nil
}

// pagingControl encodes the control of a search's result, RFC 2696 section 2.
func pagingControl(estimate int, cookie string) []byte {
	value := appendInteger(nil, tagInteger, int64(estimate))
	value = appendElement(value, tagOctetString, cookie)
	value = appendElement(nil, tagSequence, value)
	control := appendElement(nil, tagOctetString, ldap.ControlTypePaging)
	control = appendElement(control, tagOctetString, value)
	return appendElement(nil, tagControls, appendElement(nil, tagSequence, control))
}

package ldaptest

import (
	"bytes"
	"fmt"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// truth is the three-valued logic of RFC 4511 section 4.5.1.7.
type truth int8

const (
	no truth = iota
	undefined
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// matcher is a compiled filter. It is called with the directory's lock held.
type matcher func(*entry) truth

// compile turns a filter as received into a matcher.
func (d *Directory) compile(p *ber.Packet) (matcher, error) {
	if p.ClassType != ber.ClassContext {
		return nil, fmt.Errorf("filter with tag class %d", p.ClassType)
	}
	switch p.Tag {
	case ldap.FilterAnd, ldap.FilterOr:
		return d.compileSet(p)
	case ldap.FilterNot:
		if len(p.Children) != 1 {
			return nil, fmt.Errorf("not-filter of %d filters", len(p.Children))
		}
		inner, err := d.compile(p.Children[0])
		if err != nil {
			return nil, err
		}
		return func(e *entry) truth { return yes - inner(e) }, nil
	case ldap.FilterPresent:
		return d.compilePresent(packetBytes(p))
	case ldap.FilterEqualityMatch, ldap.FilterApproxMatch, ldap.FilterGreaterOrEqual, ldap.FilterLessOrEqual:
		if len(p.Children) != 2 {
			return nil, fmt.Errorf("filter item of %d parts", len(p.Children))
		}
		return d.compileItem(p.Tag, string(packetBytes(p.Children[0])), packetBytes(p.Children[1]))
	case ldap.FilterSubstrings:
		return d.compileSubstrings(p)
	case ldap.FilterExtensibleMatch:
		return d.compileExtensible(p)
	}
	return nil, fmt.Errorf("filter with tag %d", p.Tag)
}

func (d *Directory) compileSet(p *ber.Packet) (matcher, error) {
	inner := make([]matcher, len(p.Children))
	for i, child := range p.Children {
		m, err := d.compile(child)
		if err != nil {
			return nil, err
		}
		inner[i] = m
	}
	if p.Tag == ldap.FilterAnd {
		return func(e *entry) truth {
			least := yes
			for _, m := range inner {
				if least = min(least, m(e)); least == no {
					break
				}
			}
			return least
		}, nil
	}
	return func(e *entry) truth {
		most := no
		for _, m := range inner {
			if most = max(most, m(e)); most == yes {
				break
			}
		}
		return most
	}, nil
}

// never is the answer for an attribute that the schema does not have.
func never(*entry) truth { return undefined }

// lookup returns the attribute that a filter item is about, stored or computed.
func (d *Directory) attribute(e *entry, typ *attributeType) *attribute {
	if typ.is(constructed) {
		return d.construct(e, typ)
	}
	if a := e.attr(typ.key); a != nil {
		return a
	}
	// userCertificate in a filter is userCertificate;binary in the entry.
	for i := range e.attrs {
		if e.attrs[i].typ == typ {
			return &e.attrs[i]
		}
	}
	return nil
}

func (d *Directory) compilePresent(name []byte) (matcher, error) {
	typ := d.schema.lookup(string(name))
	if typ == nil || typ.is(secret) {
		return never, nil
	}
	return func(e *entry) truth { return truthOf(d.attribute(e, typ) != nil) }, nil
}

func (d *Directory) compileItem(tag ber.Tag, name string, value []byte) (matcher, error) {
	typ := d.schema.lookup(name)
	if typ == nil || typ.is(secret) {
		return never, nil
	}
	if typ.key == "objectcategory" && !bytes.Contains(value, []byte("=")) {
		value = d.category(value)
	}
	prepared, ok := typ.assertion(value)
	if !ok {
		return never, nil
	}
	if typ.syntax == dn {
		return d.matchLink(typ, string(prepared)), nil
	}
	test := func(have []byte) bool { return typ.equal(have, prepared) }
	switch {
	case tag != ldap.FilterGreaterOrEqual && tag != ldap.FilterLessOrEqual:
		if typ.syntax == classOID && d.flavor == OpenLDAP {
			test = func(have []byte) bool { return isOrInherits(string(have), string(prepared)) }
		}
	case d.flavor == OpenLDAP && !typ.ordered():
		return never, nil
	case tag == ldap.FilterGreaterOrEqual:
		test = func(have []byte) bool { return typ.compare(have, prepared) >= 0 }
	default:
		test = func(have []byte) bool { return typ.compare(have, prepared) <= 0 }
	}
	return d.matchValues(typ, test), nil
}

func (d *Directory) matchValues(typ *attributeType, test func([]byte) bool) matcher {
	return func(e *entry) truth {
		a := d.attribute(e, typ)
		if a == nil {
			return no
		}
		for _, value := range a.values {
			if test(value) {
				return yes
			}
		}
		return no
	}
}

func (d *Directory) matchLink(typ *attributeType, key string) matcher {
	return func(e *entry) truth {
		a := d.attribute(e, typ)
		if a == nil {
			return no
		}
		for i := range a.links {
			if a.links[i].canonical() == key {
				return yes
			}
		}
		return no
	}
}

// category turns the class name that AD allows in (objectCategory=person) into
// the DN of the class's category.
func (d *Directory) category(name []byte) []byte {
	if d.forest == nil {
		return name
	}
	c, ok := classes[strings.ToLower(string(name))]
	category := c.category
	if !ok {
		category = string(name)
	}
	return []byte("CN=" + category + ",CN=Schema," + d.configuration())
}

func (d *Directory) compileSubstrings(p *ber.Packet) (matcher, error) {
	if len(p.Children) != 2 {
		return nil, fmt.Errorf("substring filter of %d parts", len(p.Children))
	}
	typ := d.schema.lookup(string(packetBytes(p.Children[0])))
	if typ == nil || typ.is(secret) || typ.syntax == dn {
		return never, nil
	}
	fold := func(b []byte) string { return string(b) }
	if typ.syntax == text || typ.syntax == classOID {
		fold = func(b []byte) string { return strings.ToLower(string(b)) }
	}
	type part struct {
		tag  ber.Tag
		text string
	}
	var parts []part
	for _, child := range p.Children[1].Children {
		parts = append(parts, part{child.Tag, fold(packetBytes(child))})
	}
	return d.matchValues(typ, func(value []byte) bool {
		rest := fold(value)
		for _, part := range parts {
			switch part.tag {
			case ldap.FilterSubstringsInitial:
				if !strings.HasPrefix(rest, part.text) {
					return false
				}
				rest = rest[len(part.text):]
			case ldap.FilterSubstringsFinal:
				if !strings.HasSuffix(rest, part.text) {
					return false
				}
				rest = ""
			default:
				at := strings.Index(rest, part.text)
				if at < 0 {
					return false
				}
				rest = rest[at+len(part.text):]
			}
		}
		return true
	}), nil
}

// packetBytes returns the content of a primitive packet; context tags leave it
// undecoded in Data.
func packetBytes(p *ber.Packet) []byte {
	if p.ByteValue != nil {
		return p.ByteValue
	}
	return p.Data.Bytes()
}

package ldapsrc

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/directory"
)

// encodeEntry makes a SearchResultEntry with go-ldap's own encoder.
func encodeEntry(dn string, attributes ...*ldap.EntryAttribute) []byte {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchResultEntry, nil, "")
	op.AppendChild(octets(dn))
	list := ber.NewSequence("")
	for _, a := range attributes {
		one := ber.NewSequence("")
		one.AppendChild(octets(a.Name))
		set := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
		for _, v := range a.Values {
			set.AppendChild(octets(v))
		}
		one.AppendChild(set)
		list.AppendChild(one)
	}
	op.AppendChild(list)
	envelope := ber.NewSequence("")
	envelope.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, int64(firstID), ""))
	envelope.AppendChild(op)
	return envelope.Bytes()
}

func attribute(name string, values ...string) *ldap.EntryAttribute {
	return &ldap.EntryAttribute{Name: name, Values: values}
}

func decodeMessage(d *decoder, b []byte) (*entry, error) {
	m, err := parseMessage(b)
	if err != nil {
		return nil, err
	}
	if m.op != opSearchResultEntry {
		return nil, fmt.Errorf("operation 0x%02x", m.op)
	}
	return d.decode(m.body)
}

func texts(values [][]byte) []string {
	var list []string
	for _, v := range values {
		list = append(list, string(v))
	}
	return list
}

func TestDecodedEntryHasTheWantedAttributes(t *testing.T) {
	many := make([]string, 300)
	for i := range many {
		many[i] = strings.Repeat("x", i)
	}
	tests := map[string]struct {
		attributes []*ldap.EntryAttribute
		cn, member []string
		ranges     []valueRange
	}{
		"no attributes":                        {},
		"unwanted ones are left out":           {attributes: []*ldap.EntryAttribute{attribute("sn", "x"), attribute("cn", "a"), attribute("title", "y", "z")}, cn: []string{"a"}},
		"names in any case":                    {attributes: []*ldap.EntryAttribute{attribute("CN", "a"), attribute("mEmBeR", "b", "c")}, cn: []string{"a"}, member: []string{"b", "c"}},
		"empty values stay":                    {attributes: []*ldap.EntryAttribute{attribute("cn", "", " ")}, cn: []string{"", " "}},
		"an attribute without values":          {attributes: []*ldap.EntryAttribute{attribute("cn")}},
		"many long values":                     {attributes: []*ldap.EntryAttribute{attribute("member", many...)}, member: many},
		"a transfer option":                    {attributes: []*ldap.EntryAttribute{attribute("cn;binary", "a")}, cn: []string{"a"}},
		"the same attribute twice":             {attributes: []*ldap.EntryAttribute{attribute("cn", "a"), attribute("member", "m"), attribute("cn;binary", "b")}, cn: []string{"a", "b"}, member: []string{"m"}},
		"the value that names the entry first": {attributes: []*ldap.EntryAttribute{attribute("cn", "b", "c", "A", "d")}, cn: []string{"A", "b", "c", "d"}},
		"a language is another attribute":      {attributes: []*ldap.EntryAttribute{attribute("cn;lang-de", "a")}},
		"a part of the values beside the empty attribute": {attributes: []*ldap.EntryAttribute{attribute("member"), attribute("member;range=0-1499", "a", "b"), attribute("cn", "c")},
			cn: []string{"c"}, ranges: []valueRange{{index: 1, lo: 0, hi: 1499, values: [][]byte{[]byte("a"), []byte("b")}}}},
		"the last part": {attributes: []*ldap.EntryAttribute{attribute("Member;Range=1500-*", "a")},
			ranges: []valueRange{{index: 1, lo: 1500, hi: -1, values: [][]byte{[]byte("a")}}}},
		"a malformed range is unwanted": {attributes: []*ldap.EntryAttribute{attribute("member;range=5-3", "a"), attribute("member;range=x-*", "b")}},
	}
	d := newDecoder(directory.NewNames("cn", "member"))
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e, err := decodeMessage(d, encodeEntry("cn=a,dc=example,dc=com", test.attributes...))
			if err != nil {
				t.Fatal(err)
			}
			if string(e.dn) != "cn=a,dc=example,dc=com" || !reflect.DeepEqual(texts(e.get(0)), test.cn) || !reflect.DeepEqual(texts(e.get(1)), test.member) {
				t.Errorf("got %s %q %q", e.dn, e.get(0), e.get(1))
			}
			if len(e.ranges) != len(test.ranges) || len(test.ranges) > 0 && !reflect.DeepEqual(e.ranges, test.ranges) {
				t.Errorf("got ranges %+v", e.ranges)
			}
		})
	}
}

func TestDecoderAllocatesNothingForAnEntry(t *testing.T) {
	d := newDecoder(directory.NewNames("cn", "sn", "mail"))
	b := encodeEntry("cn=a,dc=example,dc=com", attribute("cn", "a"), attribute("objectClass", "top", "person"), attribute("mail", "a@example.com", "b@example.com"))
	got := testing.AllocsPerRun(100, func() {
		if _, err := decodeMessage(d, b); err != nil {
			t.Fatal(err)
		}
	})
	if got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func TestMalformedMessagesAreErrors(t *testing.T) {
	whole := encodeEntry("cn=a", attribute("cn", "a"))
	tests := map[string][]byte{
		"an indefinite length":          {0x30, 0x80, 0x02, 0x01, 0x01, 0x00, 0x00},
		"a length of nine octets":       append([]byte{0x30, 0x89}, make([]byte, 9)...),
		"no message id":                 {0x30, 0x02, 0x64, 0x00},
		"a negative message id":         {0x30, 0x05, 0x02, 0x01, 0xff, 0x64, 0x00},
		"no operation":                  {0x30, 0x03, 0x02, 0x01, 0x01},
		"an entry without a DN":         {0x30, 0x05, 0x02, 0x01, 0x01, 0x64, 0x00},
		"an entry without attributes":   {0x30, 0x07, 0x02, 0x01, 0x01, 0x64, 0x02, 0x04, 0x00},
		"an attribute without values":   {0x30, 0x0d, 0x02, 0x01, 0x01, 0x64, 0x08, 0x04, 0x00, 0x30, 0x04, 0x30, 0x02, 0x04, 0x00},
		"a value that is no string":     {0x30, 0x12, 0x02, 0x01, 0x01, 0x64, 0x0d, 0x04, 0x00, 0x30, 0x09, 0x30, 0x07, 0x04, 0x00, 0x31, 0x03, 0x02, 0x01, 0x00},
		"a tag of several octets":       {0x30, 0x06, 0x02, 0x01, 0x01, 0x7f, 0x20, 0x00},
		"an element beyond the message": {0x30, 0x05, 0x02, 0x01, 0x01, 0x64, 0x7f},
		"bytes after the message's end": append(bytes.Clone(whole), 0),
		"a message cut before its end":  whole[:len(whole)-1],
	}
	for name, b := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDecoder(directory.NewNames("cn"))
			if e, err := decodeMessage(d, b); err == nil {
				t.Errorf("decoded to %s %q", e.dn, e.values)
			}
		})
	}
}

// decodeWithLibrary is go-ldap's view of the same bytes.
func decodeWithLibrary(b []byte) (dn string, attributes map[string][]string, ok bool) {
	packet, err := ber.DecodePacketErr(b)
	if err != nil || len(packet.Children) < 2 {
		return "", nil, false
	}
	op := packet.Children[1]
	if op.ClassType != ber.ClassApplication || op.Tag != ldap.ApplicationSearchResultEntry || len(op.Children) < 2 {
		return "", nil, false
	}
	attributes = map[string][]string{}
	for _, a := range op.Children[1].Children {
		if len(a.Children) < 2 {
			return "", nil, false
		}
		name := a.Children[0].Data.String()
		for _, v := range a.Children[1].Children {
			attributes[name] = append(attributes[name], v.Data.String())
		}
	}
	return op.Children[0].Data.String(), attributes, true
}

// FuzzEntry: what our decoder makes of a message, go-ldap's makes of it too;
// what go-ldap encodes, ours decodes to the same.
func FuzzEntry(f *testing.F) {
	f.Add(encodeEntry("cn=a,dc=example,dc=com", attribute("cn", "a", "b"), attribute("member;range=0-1", "x", "y")), "cn=x", "v", "w")
	f.Add(encodeEntry("", attribute("mail", strings.Repeat("m", 200))), "cn=Müller\\, J", "", strings.Repeat("long", 5000))
	f.Add([]byte{0x30, 0x84, 0, 0, 0, 0x0c, 0x02, 0x01, 0x01, 0x64, 0x84, 0, 0, 0, 1, 0x04}, "", "", "")
	names := directory.NewNames("cn", "member", "mail")
	f.Fuzz(func(t *testing.T, b []byte, dn, v1, v2 string) {
		if e, err := decodeMessage(newDecoder(names), b); err == nil {
			compareEntries(t, names, e, b)
		}
		b = encodeEntry(dn, attribute("CN", v1, v2), attribute("sn", v1), attribute("member", v2))
		e, err := decodeMessage(newDecoder(names), b)
		if err != nil {
			t.Fatal(err)
		}
		compareEntries(t, names, e, b)
	})
}

func compareEntries(t *testing.T, names *directory.Names, e *entry, b []byte) {
	t.Helper()
	dn, attributes, ok := decodeWithLibrary(b)
	if !ok {
		t.Fatalf("go-ldap does not decode % x", b)
	}
	if string(e.dn) != dn {
		t.Errorf("DN %q, go-ldap has %q", e.dn, dn)
	}
	for i, name := range names.List() {
		want := 0
		for description, values := range attributes {
			if strings.EqualFold(description, name) || strings.EqualFold(description, name+";binary") {
				want += len(values)
				for _, v := range values {
					if !containsBytes(e.get(i), v) {
						t.Errorf("%s: %q is missing", name, v)
					}
				}
			}
		}
		if len(e.get(i)) != want {
			t.Errorf("%s: %d values, go-ldap has %d", name, len(e.get(i)), want)
		}
	}
}

func containsBytes(list [][]byte, v string) bool {
	for _, b := range list {
		if string(b) == v {
			return true
		}
	}
	return false
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"range=0-1499", "Range=1500-*", "binary;range=0-*", "range=", "range=-1", "range=3-2", "range=99999999999-*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, options string) {
		lo, hi, ok := parseRange(options)
		if ok && (lo < 0 || hi < -1 || hi >= 0 && hi < lo) {
			t.Errorf("%q is %d to %d", options, lo, hi)
		}
	})
}

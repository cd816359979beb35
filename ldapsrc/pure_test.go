package ldapsrc

import (
	"bytes"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSpellingsOfOneDNFoldToOneForm(t *testing.T) {
	for name, c := range map[string]struct {
		spellings []string
		folded    string
	}{
		"case does not count":            {[]string{"CN=Ada,OU=People,DC=example,DC=com", "cn=ADA,ou=people,dc=Example,dc=COM"}, "cn=ada,ou=people,dc=example,dc=com"},
		"blanks around signs do not":     {[]string{"CN=Ada, OU=People", "CN = Ada ,OU= People", "CN=Ada,OU=People"}, "cn=ada,ou=people"},
		"several blanks are one":         {[]string{"CN=Ada  King", "CN=Ada King"}, "cn=ada king"},
		"a comma is escaped in two ways": {[]string{`CN=Doe\, John,DC=x`, `CN=Doe\2C John,DC=x`, `cn=doe\2c john,dc=X`}, `cn=doe\2c john,dc=x`},
		"an equals sign may be escaped":  {[]string{`CN=a\3Db,DC=x`, `CN=a\=b,DC=x`, `CN=a=b,DC=x`}, `cn=a=b,dc=x`},
		"a hash sign at the start":       {[]string{`CN=\#lead,DC=x`, `CN=\23lead,DC=x`}, `cn=#lead,dc=x`},
		"hex of the BER value":           {[]string{`CN=#0403416461,DC=x`, `CN=Ada,DC=x`}, `cn=ada,dc=x`},
		"the parts of one RDN are a set": {[]string{`CN=Ada+UID=1,DC=x`, `uid=1+cn=ada,dc=x`}, `cn=ada+uid=1,dc=x`},
		"a plus sign in a value":         {[]string{`CN=a\+b,DC=x`, `CN=a\2Bb,DC=x`}, `cn=a\2bb,dc=x`},
		"types have long names and OIDs": {[]string{`2.5.4.3=Ada,DC=x`, `commonName=Ada,domainComponent=x`, `CN=Ada,0.9.2342.19200300.100.1.25=x`}, `cn=ada,dc=x`},
		"an escaped blank at the end":    {[]string{`CN=trailing\ ,DC=x`, `CN=trailing\20,DC=x`}, `cn=trailing,dc=x`},
		"letters beyond ASCII":           {[]string{`CN=ÄÖÜ,DC=x`, `cn=äöü,dc=x`, `CN=\C3\84ÖÜ,DC=x`}, `cn=äöü,dc=x`},
		"a conflict object":              {[]string{`CN=Ada\0ACNF:1b2c,DC=x`}, "cn=ada\ncnf:1b2c,dc=x"},
		"nothing":                        {[]string{""}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, spelling := range c.spellings {
				if got := foldDN(spelling); got != c.folded {
					t.Errorf("foldDN(%q) = %q, want %q", spelling, got, c.folded)
				}
			}
		})
	}
}

func TestBelowCountsWholeRDNs(t *testing.T) {
	for name, c := range map[string]struct {
		dn, base string
		want     bool
	}{
		"the base itself":                  {"OU=People,DC=x", "ou=people,dc=X", true},
		"below it":                         {"CN=a,OU=People,DC=x", "OU=People,DC=x", true},
		"a name that ends alike":           {"CN=a,XOU=People,DC=x", "OU=People,DC=x", false},
		"an escaped comma before the base": {`CN=a\,OU=People,DC=x`, "OU=People,DC=x", false},
		"everything is below nothing":      {"CN=a,DC=x", "", true},
		"above it":                         {"DC=x", "OU=People,DC=x", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := isBelow(foldDN(c.dn), foldDN(c.base)); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func FuzzFoldDN(f *testing.F) {
	for _, seed := range []string{"CN=Ada,DC=x", `CN=Doe\, J+UID=1,DC=x`, `CN=\#h\0A\ ,DC=x`, "cn=#0403416461", `CN="a,b",DC=x`, "=", ",", "CN=a b  c", " CN=a", `cn=a\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, dn string) {
		folded := foldDN(dn)
		if plain, ok := foldPlainDN(dn); ok && plain != "" {
			// The short way and the parser agree.
			if err := checkDN(dn); err != nil {
				t.Errorf("the short way takes %q, the parser does not: %v", dn, err)
			}
		}
		if !isBelow(folded, folded) {
			t.Errorf("%q is not below itself", dn)
		}
		rdn, parent := splitRDN(dn)
		if len(rdn)+len(parent) > len(dn) {
			t.Errorf("splitRDN(%q) = %q, %q", dn, rdn, parent)
		}
		rdnValue(dn)
		domainName(dn)
	})
}

func TestSIDsInBothForms(t *testing.T) {
	for text, b := range map[string]string{
		"S-1-5-21-2127521184-1604012920-1887927527-72713": "\x01\x05\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00\xa0\x65\xcf\x7e\x78\x4b\x9b\x5f\xe7\x7c\x87\x70\x09\x1c\x01\x00",
		"S-1-5-11":                "\x01\x01\x00\x00\x00\x00\x00\x05\x0b\x00\x00\x00",
		"S-1-0x123456789abc-7":    "\x01\x01\x12\x34\x56\x78\x9a\xbc\x07\x00\x00\x00",
		"S-1-5-32-544":            "\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x20\x02\x00\x00",
		"S-1-1-0":                 "\x01\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00",
		"S-1-5-21-1-2-4294967295": "\x01\x04\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\xff\xff\xff\xff",
	} {
		if got, err := sidText([]byte(b)); err != nil || got != text {
			t.Errorf("sidText of %s = %q, %v", text, got, err)
		}
		if got, err := parseSID(text); err != nil || string(got) != b {
			t.Errorf("parseSID(%s) = %x, %v", text, got, err)
		}
	}
	for _, b := range []string{"", "\x01", "\x02\x01\x00\x00\x00\x00\x00\x05\x0b\x00\x00\x00", "\x01\x02\x00\x00\x00\x00\x00\x05\x0b\x00\x00\x00", "\x01\xff\x00\x00\x00\x00\x00\x05"} {
		if got, err := sidText([]byte(b)); err == nil {
			t.Errorf("sidText(%x) = %q", b, got)
		}
	}
	for _, text := range []string{"", "S-1", "S-2-5-11", "S-1-5-x", "S-1-5-4294967296", "S-1-281474976710656-1", "X-1-5-11"} {
		if got, err := parseSID(text); err == nil {
			t.Errorf("parseSID(%q) = %x", text, got)
		}
	}
}

func FuzzSID(f *testing.F) {
	f.Add([]byte("\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x20\x02\x00\x00"))
	f.Add([]byte("\x01\x00\x12\x34\x56\x78\x9a\xbc"))
	f.Fuzz(func(t *testing.T, b []byte) {
		text, err := sidText(b)
		if err != nil {
			return
		}
		back, err := parseSID(text)
		if err != nil || !bytes.Equal(back, b) {
			t.Errorf("%x became %q and %x, %v", b, text, back, err)
		}
	})
}

func TestFileTimes(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"never, as written by old tools": {"0", "never"},
		"never":                          {"9223372036854775807", "never"},
		"a day":                          {"132539328000000000", "2021-01-01T00:00:00Z"},
		"with a fraction":                {"132539328001234567", "2021-01-01T00:00:00.1234567Z"},
		"no number":                      {"soon", "error"},
		"before the epoch of Unix":       {"1", "1601-01-01T00:00:00.0000001Z"},
	} {
		t.Run(name, func(t *testing.T) {
			got := "error"
			if at, ok, err := fileTime(c.text); err == nil && ok {
				got = at.Format(time.RFC3339Nano)
			} else if err == nil {
				got = "never"
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// toFileTime is the FILETIME of an instant.
func toFileTime(t time.Time) int64 {
	return (t.Unix()+epochSeconds)*ticksPerSecond + int64(t.Nanosecond()/100)
}

func FuzzFileTime(f *testing.F) {
	f.Add(int64(132539328001234567))
	f.Add(int64(1))
	f.Fuzz(func(t *testing.T, n int64) {
		if n <= 0 || n == math.MaxInt64 {
			return
		}
		at, ok, err := fileTime(string(appendInt(n)))
		if err != nil || !ok || toFileTime(at) != n {
			t.Errorf("%d became %v and %d", n, at, toFileTime(at))
		}
	})
}

func appendInt(n int64) []byte {
	var b []byte
	for ; n > 0; n /= 10 {
		b = append(b, byte('0'+n%10))
	}
	slices.Reverse(b)
	return b
}

func TestGeneralizedTimes(t *testing.T) {
	for text, want := range map[string]string{
		"20261121001931.0Z":   "2026-11-21T00:19:31Z",
		"20261121005509Z":     "2026-11-21T00:55:09Z",
		"20261121005509+0100": "2026-11-20T23:55:09Z",
		"202611210055Z":       "2026-11-21T00:55:00Z",
		"2026112100Z":         "2026-11-21T00:00:00Z",
		"yesterday":           "error",
	} {
		got := "error"
		if at, err := generalizedTime(text); err == nil {
			got = at.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

func TestExtendedNamesAreSplit(t *testing.T) {
	n := parseExtendedName([]byte("<GUID=a6b8b057-9086-42d1-ad05-d74a0fecb43d>;<SID=S-1-5-21-1-2-3-1104>;CN=Ada,DC=x"))
	if !n.has || string(n.dn) != "CN=Ada,DC=x" || n.guid[0] != 0xa6 {
		t.Errorf("%+v", n)
	}
	if n := parseExtendedName([]byte("<GUID=a6b8b057-9086-42d1-ad05-d74a0fecb43d>;OU=x")); !n.has || string(n.dn) != "OU=x" {
		t.Errorf("%+v", n)
	}
	for _, plain := range []string{"CN=Ada,DC=x", "", "<", "<GUID=", "<NAME=x>;CN=y"} {
		if n := parseExtendedName([]byte(plain)); n.has || string(n.dn) != plain {
			t.Errorf("%q: %+v", plain, n)
		}
	}
}

func FuzzExtendedName(f *testing.F) {
	f.Add([]byte("<GUID=a6b8b057-9086-42d1-ad05-d74a0fecb43d>;<SID=S-1-5-21-1-2-3-1104>;CN=Ada,DC=x"))
	f.Add([]byte("<SID=>;;<GUID=1>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n := parseExtendedName(b); !bytes.HasSuffix(b, n.dn) {
			t.Errorf("the DN of %q is %q", b, n.dn)
		}
	})
}

func TestClosuresCollapseCircles(t *testing.T) {
	for name, c := range map[string]struct {
		direct, children, want [][]int32
	}{
		"no nesting":           {[][]int32{{1}, {2}}, [][]int32{{}, {}}, [][]int32{{1}, {2}}},
		"a chain":              {[][]int32{{1}, {2}, {3}}, [][]int32{{1}, {2}, {}}, [][]int32{{1, 2, 3}, {2, 3}, {3}}},
		"a diamond":            {[][]int32{{}, {1}, {1, 2}, {3}}, [][]int32{{1, 2}, {3}, {3}, {}}, [][]int32{{1, 2, 3}, {1, 3}, {1, 2, 3}, {3}}},
		"a group in itself":    {[][]int32{{1}}, [][]int32{{0}}, [][]int32{{1}}},
		"a circle of two":      {[][]int32{{1}, {2}}, [][]int32{{1}, {0}}, [][]int32{{1, 2}, {1, 2}}},
		"a circle with a tail": {[][]int32{{1}, {2}, {3}, {4}}, [][]int32{{1}, {2}, {1, 3}, {}}, [][]int32{{1, 2, 3, 4}, {2, 3, 4}, {2, 3, 4}, {4}}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := closures(c.direct, c.children); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// FuzzClosures compares with a search from each group on its own.
func FuzzClosures(f *testing.F) {
	f.Add([]byte{3, 0x01, 0x12, 0x20})
	f.Add([]byte{8, 0x01, 0x10, 0x23, 0x34, 0x42, 0x55, 0x67})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 || b[0] == 0 || b[0] > 16 {
			return
		}
		n := int(b[0])
		direct, children := make([][]int32, n), make([][]int32, n)
		for g := range direct {
			direct[g] = []int32{int32(g * 10)}
		}
		for _, edge := range b[1:] {
			from, to := int(edge>>4)%n, int(edge&15)%n
			children[from] = append(children[from], int32(to))
		}
		got := closures(direct, children)
		for g := range n {
			seen := map[int32]bool{}
			var visit func(int32)
			visit = func(x int32) {
				if !seen[x] {
					seen[x] = true
					for _, c := range children[x] {
						visit(c)
					}
				}
			}
			visit(int32(g))
			var want []int32
			for x := range seen {
				want = append(want, x*10)
			}
			slices.Sort(want)
			if !slices.Equal(got[g], want) {
				t.Errorf("group %d: got %v, want %v", g, got[g], want)
			}
		}
	})
}

func TestPatternsMatchNames(t *testing.T) {
	g := newGlobs([]string{"SVC-*", "test?", "a/b*"})
	for name, want := range map[string]bool{"svc-backup": true, "Svc-": true, "mysvc-x": false, "test1": true, "test12": false, "A/bc/d": true, "": false} {
		if got := g.match([]byte(name)); got != want {
			t.Errorf("%q: got %v", name, got)
		}
	}
}

func TestOutermostDropsWhatIsCovered(t *testing.T) {
	got := outermost([]string{"OU=A,DC=x", "OU=B,OU=A,DC=x", "ou=a, dc=X", "OU=C,DC=x"})
	if want := []string{"OU=A,DC=x", "OU=C,DC=x"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestNearestNames(t *testing.T) {
	known := []string{"department", "displayname", "mail", "manager"}
	for name, want := range map[string]string{"departement": "department", "mial": "mail", "managr": "manager", "shoesize": ""} {
		if got := nearest(name, known); got != want {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestNamesOfAttributeTypes(t *testing.T) {
	for text, want := range map[string]string{
		"( 2.5.4.3 NAME ( 'cn' 'commonName' ) SUP name )":               "cn commonName",
		"( 1.2 NAME 'mail' DESC 'it''s' SYNTAX '1.3' )":                 "mail",
		"( 1.2.3 DESC 'nothing' )":                                      "",
		"( 1.2.840.113556.1.2.13 NAME 'displayName' SYNTAX '1.3.6.1' )": "displayName",
	} {
		if got := strings.Join(attributeTypeNames(text), " "); got != want {
			t.Errorf("%s: got %q", text, got)
		}
	}
}

func TestFilterAttributesAreFound(t *testing.T) {
	got := filterAttributes("(&(mail=*)(!(l=Berlin*x))(|(title~=a)(uid>=3)(memberOf:1.2.840.113556.1.4.1941:=CN=x)))", "cn=a")
	if want := []string{"cn", "l", "mail", "memberOf", "title", "uid"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheUIDOfAUniqueMemberIsCutOff(t *testing.T) {
	for value, want := range map[string]string{
		"cn=a,dc=x#'0101'B": "cn=a,dc=x", "cn=a,dc=x": "cn=a,dc=x", "cn=a#'02'B": "cn=a#'02'B", "cn=a,dc=x#''B": "cn=a,dc=x",
	} {
		if got := string(trimUID([]byte(value))); got != want {
			t.Errorf("%s: got %s", value, got)
		}
	}
}

func TestOUPaths(t *testing.T) {
	for dn, want := range map[string]string{
		`CN=PC1,OU=Laptops,OU=Berlin\, Mitte,DC=corp,DC=example,DC=com`: "Berlin, Mitte/Laptops",
		"CN=PC1,CN=Computers,DC=x":                                      "Computers", "CN=PC1,DC=x": "",
	} {
		if got := ouPath(dn); got != want {
			t.Errorf("%s: got %q", dn, got)
		}
	}
}

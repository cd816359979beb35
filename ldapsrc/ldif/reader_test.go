package ldif

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf16"
)

// readAll reads a text to its end.
func readAll(r io.Reader) ([]*Record, error) {
	reader := NewReader(r)
	var records []*Record
	for {
		record, err := reader.Next()
		if err == io.EOF {
			return records, nil
		}
		if err != nil {
			return records, err
		}
		records = append(records, record)
	}
}

// show prints records so that a test can compare whole texts.
func show(records []*Record) string {
	var b strings.Builder
	for _, r := range records {
		fmt.Fprintf(&b, "%d %q %s\n", r.Line, r.DN, r.Change)
		for _, c := range r.Controls {
			fmt.Fprintf(&b, "  control %s %v %q\n", c.OID, c.Critical, c.Value)
		}
		for _, a := range r.Attributes {
			fmt.Fprintf(&b, "  %s %q\n", a.Name, a.Values)
		}
		for _, m := range r.Mods {
			fmt.Fprintf(&b, "  %s %s %q\n", m.Op, m.Name, m.Values)
		}
		if r.NewRDN != "" {
			fmt.Fprintf(&b, "  %q %v %q\n", r.NewRDN, r.DeleteOldRDN, r.NewSuperior)
		}
	}
	return b.String()
}

func TestReader(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"an empty text has no records", "", ""},
		{"comments alone are no records", "# nothing\n\n#more\n", ""},
		{
			"folded lines, comments and the version are undone",
			"version: 1\n# a comment\n  folded\ndn: cn=Ada,dc=exam\n ple,dc=org\ncn:Ada\n# inside\ndescription: two\n  words\n",
			"4 \"cn=Ada,dc=example,dc=org\" \n  cn [\"Ada\"]\n  description [\"two words\"]\n",
		},
		{
			"base64 may stand for a value and for the DN",
			"dn:: Y249w4VzYSxkYz1leGFtcGxl\ncn:: w4VzYQ==\nempty:\nphoto;binary:: AAEC\n",
			"1 \"cn=Åsa,dc=example\" \n  cn [\"Åsa\"]\n  empty [\"\"]\n  photo;binary [\"\\x00\\x01\\x02\"]\n",
		},
		{
			"lines end in CRLF as well, and blank ones may repeat",
			"dn: cn=a\r\ncn: a\r\n\r\n\r\ndn: cn=b\r\ncn: b\r\n b\r\n",
			"1 \"cn=a\" \n  cn [\"a\"]\n5 \"cn=b\" \n  cn [\"bb\"]\n",
		},
		{
			"an attribute in several runs is one attribute, whatever its case",
			"dn: cn=a\nmember: x\nsn: s\nMember: y\nmember;range=0-1: z\n",
			"1 \"cn=a\" \n  member [\"x\" \"y\"]\n  sn [\"s\"]\n  member;range=0-1 [\"z\"]\n",
		},
		{
			"what ldapsearch prints around entries is passed over",
			"# extended LDIF\n#\n# LDAPv3\n\n# ada\ndn: cn=ada\ncn: ada\n\n# search reference\nref: ldap://emea.example.org/DC=emea\n\n" +
				"# search result\nsearch: 2\nresult: 0 Success\ncontrol: 1.2.840.113556.1.4.319 false MAUCAQAEAA==\npagedresults: cookie=\n\n# numEntries: 1\n",
			"6 \"cn=ada\" \n  cn [\"ada\"]\n",
		},
		{
			"changes are read with their steps in order",
			"dn: cn=a\ncontrol: 1.3.6.1.1.12 true:: MAA=\ncontrol: 1.2.3\nchangetype: modify\ndelete: title\ntitle: old\n-\nadd: title\ntitle: new\ntitle: newer\n-\nreplace: mail\n-\ndelete: fax\n\n" +
				"dn: cn=b\nchangetype: moddn\nnewrdn: cn=c\ndeleteoldrdn: 1\nnewsuperior: ou=x\n\ndn: cn=d\nchangetype: delete\n\ndn: cn=e\nchangetype: add\ncn: e\n",
			"1 \"cn=a\" modify\n  control 1.3.6.1.1.12 true \"0\\x00\"\n  control 1.2.3 false \"\"\n  delete title [\"old\"]\n  add title [\"new\" \"newer\"]\n  replace mail []\n  delete fax []\n" +
				"16 \"cn=b\" modrdn\n  \"cn=c\" true \"ou=x\"\n22 \"cn=d\" delete\n25 \"cn=e\" add\n  cn [\"e\"]\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			for encoding, text := range encodings(test.text) {
				records, err := readAll(bytes.NewReader(text))
				if err != nil {
					t.Fatalf("%s: %v", encoding, err)
				}
				if got := show(records); got != test.want {
					t.Errorf("%s: got\n%swant\n%s", encoding, got, test.want)
				}
			}
		})
	}
}

// encodings returns a text in every form that a Reader takes.
func encodings(text string) map[string][]byte {
	units := utf16.Encode([]rune("\ufeff" + text))
	var little, big []byte
	for _, unit := range units {
		little = binary.LittleEndian.AppendUint16(little, unit)
		big = binary.BigEndian.AppendUint16(big, unit)
	}
	return map[string][]byte{
		"UTF-8": []byte(text), "UTF-8 with mark": []byte("\ufeff" + text), "UTF-16LE": little, "UTF-16BE": big,
	}
}

func TestReaderRefuses(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a line without colon", "dn: cn=a\nwhat is this\n", `line 2: "what is this" is not of the form "name: value"`},
		{"a value in another file", "dn: cn=a\nphoto:< file:///etc/passwd\n", `line 2: photo has its value in another file (:<), which is not read`},
		{"broken base64", "\ndn:: a$b\n", `line 2: dn: illegal base64 data at input byte 1`},
		{"a record without dn", "cn: a\n", `line 1: a record begins with dn:, not with cn:`},
		{"another version", "version: 2\n", `line 1: version "2" is unknown, only 1 is`},
		{"text in a code page", "dn: cn=a\ncn: \xc5sa\n", `line 2: cn is neither base64 nor UTF-8 (export with ldifde -u, or as UTF-8)`},
		{"a DN that is not UTF-8", "dn:: xQ==\n", `line 1: dn is not UTF-8`},
		{"a name with blanks", "dn: cn=a\ngiven name: x\n", `line 2: "given name" is not an attribute name`},
		{"an unknown change", "dn: cn=a\nchangetype: destroy\n", `line 2: changetype "destroy" is unknown`},
		{"a step of another attribute", "dn: cn=a\nchangetype: modify\nadd: cn\nsn: x\n-\n", `line 4: sn stands in the modification of cn`},
		{"a search that hit its limit", "dn: cn=a\ncn: a\n\nsearch: 2\nresult: 4 Size limit exceeded\n", `line 5: the export is incomplete, its search ended with result 4 Size limit exceeded`},
		{"a dash in content", "dn: cn=a\ncn: a\n-\n", `line 3: "-" stands only in a record with changetype: modify`},
		{"half of a UTF-16 character", "\xff\xfed\x00n", `line 1: UTF-16 text ends in the middle of a character`},
		{"a lone surrogate", "\xff\xfe\x00\xd8\x41\x00", `line 1: UTF-16 text has half of a surrogate pair`},
	} {
		t.Run(test.name, func(t *testing.T) {
			reader := NewReader(strings.NewReader(test.text))
			var err error
			for err == nil {
				_, err = reader.Next()
			}
			if err.Error() != test.want {
				t.Errorf("got  %v\nwant %v", err, test.want)
			}
			if _, again := reader.Next(); again != err {
				t.Errorf("the second call says %v", again)
			}
			if IsIncomplete(err) != strings.Contains(test.want, "incomplete") {
				t.Errorf("IsIncomplete(%v) is %v", err, IsIncomplete(err))
			}
		})
	}
}

func TestReaderCountsReferences(t *testing.T) {
	reader := NewReader(strings.NewReader("ref: ldap://a/\n\nref: ldap://b/\nref: ldap://c/\n"))
	if _, err := reader.Next(); err != io.EOF {
		t.Fatal(err)
	}
	if got := reader.References(); got != 2 {
		t.Errorf("got %d references, want 2", got)
	}
}

// An export as ldifde -u writes it: UTF-16 with mark, CRLF, each entry as an
// add, short lines folded.
func TestReaderTakesLdifde(t *testing.T) {
	const export = "dn: CN=Åsa,OU=People,DC=example,DC=com\r\nchangetype: add\r\nobjectClass: top\r\nobjectClass: user\r\ncn: Åsa\r\n" +
		"description: a line that is long enough to be folded by the tool that wrote it, so\r\n  it goes on\r\nobjectGUID:: pri3V5CGQtGtBddKD+y0PQ==\r\n\r\n"
	records, err := readAll(bytes.NewReader(encodings(export)["UTF-16LE"]))
	if err != nil || len(records) != 1 || !records[0].IsEntry() {
		t.Fatalf("got %d records, %v", len(records), err)
	}
	want := "1 \"CN=Åsa,OU=People,DC=example,DC=com\" add\n  objectClass [\"top\" \"user\"]\n  cn [\"Åsa\"]\n" +
		"  description [\"a line that is long enough to be folded by the tool that wrote it, so it goes on\"]\n" +
		`  objectGUID ["\xa6\xb8\xb7W\x90\x86Bѭ\x05\xd7J\x0f\xec\xb4="]` + "\n"
	if got := show(records); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("version: 1\ndn: cn=a,dc=example\nobjectClass: top\ncn:: w4VzYQ==\ndescription: a\n  b\n\n"))
	f.Add([]byte("dn: cn=a\ncontrol: 1.2.3 true: x\nchangetype: modify\nadd: cn\ncn: b\n-\ndelete: sn\n-\n"))
	f.Add([]byte("dn: cn=a\nchangetype: modrdn\nnewrdn: cn=b\ndeleteoldrdn: 1\n"))
	f.Add([]byte("\xff\xfed\x00n\x00:\x00a\x00\n\x00"))
	f.Add([]byte("# x\nsearch: 2\nresult: 0 Success\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		records, _ := readAll(bytes.NewReader(text))
		for _, record := range records {
			checkRoundTrip(t, record)
		}
	})
}

// checkRoundTrip writes a record that was read and reads it again.
func checkRoundTrip(t *testing.T, record *Record) {
	t.Helper()
	var text bytes.Buffer
	if err := NewWriter(&text).Write(record); err != nil {
		// A content record that begins like a change cannot be told from one.
		if record.Change == "" && len(record.Attributes) > 0 && strings.EqualFold(record.Attributes[0].Name, "control") {
			return
		}
		t.Fatal(err)
	}
	for i, line := range bytes.Split(text.Bytes(), []byte("\n")) {
		if len(line) > width || bytes.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Fatalf("line %d is not plain or too long: %q", i+1, line)
		}
	}
	again, err := readAll(&text)
	if err != nil || len(again) != 1 {
		t.Fatalf("read %d records, %v", len(again), err)
	}
	again[0].Line = record.Line
	if !reflect.DeepEqual(again[0], record) {
		t.Fatalf("got\n%swant\n%s", show(again), show([]*Record{record}))
	}
}

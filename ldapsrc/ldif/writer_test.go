package ldif

import (
	"strings"
	"testing"
)

func values(texts ...string) [][]byte {
	var all [][]byte
	for _, text := range texts {
		all = append(all, []byte(text))
	}
	return all
}

func TestWriter(t *testing.T) {
	for _, test := range []struct {
		name   string
		record Record
		want   string
	}{
		{
			"plain text stands as it is, all else in base64",
			Record{DN: "cn=Åsa,dc=example", Attributes: []Attribute{
				{"cn", values("Ada", " lead", "trail ", ":colon", "<less", "a:b<c", "Åsa", "a\nb", "a\x00b", "")},
			}},
			"dn:: Y249w4VzYSxkYz1leGFtcGxl\ncn: Ada\ncn:: IGxlYWQ=\ncn:: dHJhaWwg\ncn:: OmNvbG9u\ncn:: PGxlc3M=\ncn: a:b<c\ncn:: w4VzYQ==\ncn:: YQpi\ncn:: YQBi\ncn:\n\n",
		},
		{
			"long lines are folded at 76",
			Record{DN: "cn=a", Attributes: []Attribute{{"description", values(strings.Repeat("x", 63), strings.Repeat("x", 64+75))}}},
			"dn: cn=a\ndescription: " + strings.Repeat("x", 63) + "\ndescription: " + strings.Repeat("x", 63) + "\n " + strings.Repeat("x", 75) + "\n x\n\n",
		},
		{
			"a modify keeps the order of its steps",
			Record{DN: "cn=a", Change: ChangeModify, Controls: []Control{{OID: "1.3.6.1.1.12", Critical: true, Value: []byte("0\x00")}}, Mods: []Mod{
				{"delete", Attribute{"title", values("old")}},
				{"add", Attribute{"title", values("new")}},
				{"replace", Attribute{"mail", nil}},
			}},
			"dn: cn=a\ncontrol: 1.3.6.1.1.12 true:: MAA=\nchangetype: modify\ndelete: title\ntitle: old\n-\nadd: title\ntitle: new\n-\nreplace: mail\n-\n\n",
		},
		{
			"a rename may move",
			Record{DN: "cn=a,ou=x", Change: ChangeModRDN, NewRDN: "cn=b", DeleteOldRDN: true, NewSuperior: "ou=y"},
			"dn: cn=a,ou=x\nchangetype: modrdn\nnewrdn: cn=b\ndeleteoldrdn: 1\nnewsuperior: ou=y\n\n",
		},
		{"a delete is its name", Record{DN: "cn=a", Change: ChangeDelete}, "dn: cn=a\nchangetype: delete\n\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var text strings.Builder
			if err := NewWriter(&text).Write(&test.record); err != nil {
				t.Fatal(err)
			}
			if text.String() != test.want {
				t.Errorf("got\n%swant\n%s", text.String(), test.want)
			}
			checkRoundTrip(t, &test.record)
		})
	}
}

func TestWriterRefuses(t *testing.T) {
	for _, test := range []struct {
		name   string
		record Record
		want   string
	}{
		{"an unknown change", Record{DN: "cn=a", Change: "x"}, `write record "cn=a": changetype "x" is unknown`},
		{"an addition of nothing", Record{DN: "cn=a", Change: ChangeModify, Mods: []Mod{{"add", Attribute{"cn", nil}}}}, `write record "cn=a": add of cn has no values`},
		{"a name with a line end", Record{DN: "cn=a", Attributes: []Attribute{{"cn\nsn", values("x")}}}, `write record "cn=a": "cn\nsn" is not an attribute name`},
		{"content that reads as a change", Record{DN: "cn=a", Attributes: []Attribute{{"changetype", values("delete")}}}, `write record "cn=a": "changetype" cannot be the first attribute`},
		{"a rename to nothing", Record{DN: "cn=a", Change: ChangeModRDN}, `write record "cn=a": no new RDN`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var text strings.Builder
			err := NewWriter(&text).Write(&test.record)
			if err == nil || err.Error() != test.want || text.Len() != 0 {
				t.Errorf("got  %v and %q\nwant %v", err, text.String(), test.want)
			}
		})
	}
}

func TestWriterComment(t *testing.T) {
	var text strings.Builder
	if err := NewWriter(&text).Comment("mail of \"Åsa\"\n\nis C:\\twice"); err != nil {
		t.Fatal(err)
	}
	if want := "# mail of \"\\u00c5sa\"\n#\n# is C:\\twice\n\n"; text.String() != want {
		t.Errorf("got  %q\nwant %q", text.String(), want)
	}
}

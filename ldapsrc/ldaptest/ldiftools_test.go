package ldaptest

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"adsync/ldapsrc/ldif"
)

// TestLdapsearchExportIsRead exports with ldapsearch, comments, trailer,
// references and folding included, and reads it back.
func TestLdapsearchExportIsRead(t *testing.T) {
	srv := serveCompany(t, Options{})
	odd := `CN=Odd\, "One" \<Å\>  ,OU=People,` + suffix
	odd = strings.ReplaceAll(strings.ReplaceAll(odd, `"`, `\"`), "  ,", ",")
	must(t, srv.dir.Add(odd, map[string][]string{
		"objectClass": {"user"}, "description": {" lead", "trail ", ":colon", "<less", "two\r\nlines", strings.Repeat("long ", 60)}, "thumbnailPhoto": {"\xff\xd8\x00\x01"},
	}))
	out := run(t, srv, "ldapsearch", "-x", "-H", srv.URL(), "-D", reader, "-w", password, "-b", suffix, "-E", "pr=5/noprompt", "(objectClass=*)")
	reading := ldif.NewReader(strings.NewReader(out))
	count := 0
	for {
		record, err := reading.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		count++
		e, ok := srv.dir.Entry(record.DN)
		if !ok {
			t.Errorf("no entry %s", record.DN)
			continue
		}
		for _, a := range record.Attributes {
			if got, want := a.Values, e.GetRawAttributeValues(a.Name); !slices.EqualFunc(got, want, slices.Equal) {
				t.Errorf("%s of %s: got %q, want %q", a.Name, record.DN, got, want)
			}
		}
	}
	all, err := srv.dir.Find("(objectClass=*)")
	if err != nil || count != len(all) || reading.References() != 3 {
		t.Errorf("read %d of %d entries and %d references, %v", count, len(all), reading.References(), err)
	}
}

// TestLdapmodifyTakesWhatIsWritten changes an entry through ldapmodify.
func TestLdapmodifyTakesWhatIsWritten(t *testing.T) {
	srv := serveCompany(t, Options{})
	var text strings.Builder
	w := ldif.NewWriter(&text)
	must(t, w.Comment("suggested changes\nfor Åsa"))
	must(t, w.Write(&ldif.Record{DN: "CN=Åsa,OU=People," + suffix, Change: ldif.ChangeAdd, Attributes: fields("objectClass", "user", "description", " lead and trail ", "title", strings.Repeat("x", 200))}))
	must(t, w.Write(&ldif.Record{DN: ada, Change: ldif.ChangeModify, Mods: []ldif.Mod{DeleteValues("title", "Countess"), AddValues("title", "Gräfin"), Replace("mail")}}))
	must(t, w.Write(&ldif.Record{DN: charles, Change: ldif.ChangeModRDN, NewRDN: "CN=Charles", DeleteOldRDN: true, NewSuperior: "OU=Groups," + suffix}))
	must(t, w.Write(&ldif.Record{DN: everyone, Change: ldif.ChangeDelete}))
	file := filepath.Join(t.TempDir(), "changes.ldif")
	must(t, os.WriteFile(file, []byte(text.String()), 0o600))
	run(t, srv, "ldapmodify", "-x", "-H", srv.URL(), "-D", reader, "-w", password, "-f", file)

	expect(t, srv.dir, "CN=Åsa,OU=People,"+suffix, "description", " lead and trail ")
	expect(t, srv.dir, "CN=Åsa,OU=People,"+suffix, "title", strings.Repeat("x", 200))
	expect(t, srv.dir, ada, "title", "Gräfin")
	expect(t, srv.dir, ada, "mail", "")
	expect(t, srv.dir, ada, "manager", "CN=Charles,OU=Groups,"+suffix)
	if _, ok := srv.dir.Entry(everyone); ok {
		t.Error("the group is still there")
	}
}

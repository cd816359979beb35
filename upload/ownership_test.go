package upload_test

import (
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

const guid = "a6b8b057-9086-42d1-ad05-d74a0fecb43d"

func TestMarks(t *testing.T) {
	for _, test := range []struct{ template, mark string }{
		{"{source}:{anchor}", "corp:" + guid},
		{"ad/{anchor}@{source}", "ad/" + guid + "@corp"},
		{"x-{source}-{anchor}-y", "x-corp-" + guid + "-y"},
	} {
		m, err := upload.NewMark(test.template, []string{"corp", "hq"})
		if err != nil {
			t.Fatal(err)
		}
		if got := m.ExternalID("corp", guid); got != test.mark {
			t.Errorf("%s: got %s, want %s", test.template, got, test.mark)
		}
		if s, a, ok := m.Owner(test.mark); !ok || s != "corp" || a != directory.Anchor(guid) {
			t.Errorf("%s: owner %q %q %v", test.template, s, a, ok)
		}
		other := m.ExternalID("gone", guid)
		if _, _, ok := m.Owner(other); ok {
			t.Errorf("%s is taken for ours", other)
		}
		if s, ok := m.Foreign(other); !ok || s != "gone" {
			t.Errorf("%s is not seen to be another's: %q %v", other, s, ok)
		}
	}
}

func TestWhatIsNotOurs(t *testing.T) {
	m, err := upload.NewMark("{source}:{anchor}", []string{"corp"})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{
		"", "corp", "corp:", ":" + guid, guid, "corp:" + guid + "0", "CORP:" + guid, "corp:A6B8B057-9086-42D1-AD05-D74A0FECB43D",
		"corp:00u1abcd", "corporate:" + guid, " corp:" + guid,
	} {
		if s, _, ok := m.Owner(id); ok {
			t.Errorf("%q is taken for a resource of %s", id, s)
		}
	}
}

func TestAnotherInstallationIsKnownInAnyCase(t *testing.T) {
	m, err := upload.NewMark("{source}:{anchor}", []string{"corp"})
	if err != nil {
		t.Fatal(err)
	}
	for id, foreign := range map[string]bool{
		"hq:" + guid: true, "HQ:A6B8B057-9086-42D1-AD05-D74A0FECB43D": true, "Corp:" + guid: true,
		"corp:" + guid: false, "CORP:A6B8B057-9086-42D1-AD05-D74A0FECB43D": false, "00u1abcd": false, "": false,
	} {
		if _, got := m.Foreign(id); got != foreign {
			t.Errorf("%q: foreign %v, want %v", id, got, foreign)
		}
	}
}

func TestAMarkWithoutSource(t *testing.T) {
	m, err := upload.NewMark("{anchor}", []string{"corp"})
	if err != nil {
		t.Fatal(err)
	}
	if s, _, ok := m.Owner(guid); !ok || s != "corp" {
		t.Errorf("owner %q %v", s, ok)
	}
	if _, ok := m.Foreign(guid); ok {
		t.Errorf("our own mark is taken for another's")
	}
	for _, bad := range []struct {
		template string
		sources  []string
	}{
		{"{anchor}", []string{"corp", "hq"}}, {"{source}", []string{"corp"}}, {"{source}{anchor}", []string{"corp"}},
		{"{anchor}{anchor}", []string{"corp"}}, {"", []string{"corp"}},
	} {
		if _, err := upload.NewMark(bad.template, bad.sources); err == nil {
			t.Errorf("%q is taken for %q", bad.template, bad.sources)
		}
	}
}

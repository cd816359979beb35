package directory_test

import (
	"encoding/hex"
	"testing"

	"adsync/ldapsrc/directory"
)

// The first vector was read off a domain controller; the others show which
// byte goes where (MS-DTYP 2.3.4.2 and 2.3.4.3).
var guids = []struct{ bytes, text string }{
	{"57b0b8a68690d142ad05d74a0fecb43d", "a6b8b057-9086-42d1-ad05-d74a0fecb43d"},
	{"00112233445566778899aabbccddeeff", "33221100-5544-7766-8899-aabbccddeeff"},
	{"00000000000000000000000000000000", "00000000-0000-0000-0000-000000000000"},
	{"ffffffffffffffffffffffffffffffff", "ffffffff-ffff-ffff-ffff-ffffffffffff"},
}

func TestAnchorFromGUIDTurnsTheFirstThreeFields(t *testing.T) {
	for _, v := range guids {
		b, err := hex.DecodeString(v.bytes)
		if err != nil {
			t.Fatal(err)
		}
		a, err := directory.AnchorFromGUID(b)
		if err != nil || string(a) != v.text {
			t.Errorf("%s: got %s, %v, want %s", v.bytes, a, err, v.text)
		}
		if back := hex.EncodeToString(a.GUID()); back != v.bytes {
			t.Errorf("%s goes back to %s, want %s", a, back, v.bytes)
		}
	}
	for _, short := range [][]byte{nil, make([]byte, 15), make([]byte, 17)} {
		if _, err := directory.AnchorFromGUID(short); err == nil {
			t.Errorf("%d bytes are taken for a GUID", len(short))
		}
	}
}

func TestParseAnchorReadsEveryFormInUse(t *testing.T) {
	const want = "a6b8b057-9086-42d1-ad05-d74a0fecb43d"
	for _, text := range []string{
		want, "A6B8B057-9086-42D1-AD05-D74A0FECB43D", "{a6b8b057-9086-42d1-ad05-d74a0fecb43d}",
		"a6b8b057-908642d1-ad05d74a-0fecb43d", "a6b8b057908642d1ad05d74a0fecb43d", " " + want + "\n",
	} {
		if a, err := directory.ParseAnchor(text); err != nil || string(a) != want {
			t.Errorf("%q: got %q, %v", text, a, err)
		}
	}
	for _, text := range []string{"", "a6b8b057", want + "0", "g6b8b057-9086-42d1-ad05-d74a0fecb43d", "uid=ada"} {
		if a, err := directory.ParseAnchor(text); err == nil {
			t.Errorf("%q is taken for %s", text, a)
		}
	}
	if directory.Anchor("not an anchor").GUID() != nil {
		t.Errorf("what is no anchor has no GUID")
	}
}

func FuzzParseAnchor(f *testing.F) {
	for _, v := range guids {
		f.Add(v.text)
	}
	f.Add("{A6B8B057-9086-42D1-AD05-D74A0FECB43D}")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := directory.ParseAnchor(text)
		if err != nil {
			return
		}
		again, err := directory.ParseAnchor(string(a))
		if err != nil || again != a || len(a) != 36 {
			t.Errorf("%q gives %q, which gives %q, %v", text, a, again, err)
		}
		if back, err := directory.AnchorFromGUID(a.GUID()); err != nil || back != a {
			t.Errorf("%q does not survive its bytes: %q, %v", a, back, err)
		}
	})
}

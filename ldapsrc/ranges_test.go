package ldapsrc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"adsync/ldapsrc/ldaptest"
)

// A script answers the searches of readRange: one answer each, in the form
// "name value value...", "usn=N" for uSNChanged.
type script struct {
	answers []string
	asked   []string
}

func (s *script) rootDSE(context.Context) (*rootDSE, error) { return &rootDSE{}, nil }

func (s *script) close() {}

func (s *script) search(_ context.Context, req request, each func(*entry) error) (stats, error) {
	if len(s.answers) == 0 {
		return stats{}, errors.New("nothing more is known")
	}
	s.asked = append(s.asked, req.ask[0])
	answer := s.answers[0]
	s.answers = s.answers[1:]
	if answer == "gone" {
		return stats{}, nil
	}
	e := &entry{spans: make([]span, req.names.Len())}
	for _, part := range strings.Split(answer, "; ") {
		fields := strings.Fields(part)
		if len(fields) == 0 {
			continue
		}
		var values [][]byte
		for _, v := range fields[1:] {
			values = append(values, []byte(v))
		}
		if usn, ok := strings.CutPrefix(fields[0], "usn="); ok {
			e.set(1, [][]byte{[]byte(usn)})
			continue
		}
		_, options, _ := strings.Cut(fields[0], ";")
		if lo, hi, ok := parseRange(options); ok {
			e.ranges = append(e.ranges, valueRange{index: 0, lo: lo, hi: hi, values: values})
		} else {
			e.set(0, values)
		}
	}
	return stats{entries: 1}, each(e)
}

func TestRangesGoByTheNameOfTheAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		answers []string
		want    string
	}{
		"in one part":                             {[]string{"m;range=0-* a b"}, "a b"},
		"in three parts":                          {[]string{"m;range=0-1 a b", "m;range=2-3 c d", "m;range=4-* e"}, "a b c d e"},
		"in parts of different sizes":             {[]string{"m;range=0-0 a", "m;range=1-3 b c d", "m;range=4-* e"}, "a b c d e"},
		"in other case":                           {[]string{"M;RANGE=0-1 a b", "m;Range=2-* c"}, "a b c"},
		"an empty attribute beside the part":      {[]string{"m; m;range=0-1 a b", "m; m;range=2-* c"}, "a b c"},
		"a server without ranges":                 {[]string{"m a b c"}, "a b c"},
		"an attribute without values":             {[]string{""}, ""},
		"parts that overlap":                      {[]string{"m;range=0-2 a b c", "m;range=2-* c d"}, "a b c d"},
		"an empty last part":                      {[]string{"m;range=0-1 a b", "m;range=2-*"}, "a b"},
		"a change in between":                     {[]string{"usn=1; m;range=0-1 a b", "usn=2; m;range=2-* c", "usn=2; m;range=0-1 a x", "usn=2; m;range=2-* c"}, "a x c"},
		"a gap":                                   {[]string{"m;range=0-1 a b", "m;range=3-* d"}, "error: the server left out the values from number 2 to 2"},
		"the same part again":                     {[]string{"m;range=0-1 a b", "m;range=0-1 a b"}, "error: the server does not go on after value number 2"},
		"fewer than announced":                    {[]string{"m;range=0-2 a b"}, "error: the server announced the values from number 0 to 2 and sent 2"},
		"nothing after the first part":            {[]string{"m;range=0-1 a b", ""}, "error: the server sent no values from number 2 on"},
		"an entry that goes away":                 {[]string{"m;range=0-1 a b", "gone"}, "error: the entry is not there any more"},
		"a connection that ends":                  {[]string{"m;range=0-1 a b"}, "error: nothing more is known"},
		"an entry that never stops to be changed": {[]string{"usn=1; m;range=0-0 a", "usn=2; m;range=1-* b", "usn=2; m;range=0-0 a", "usn=3; m;range=1-* b", "usn=3; m;range=0-0 a", "usn=4; m;range=1-* b"}, "error: the entry changed each of the 3 times"},
	} {
		t.Run(name, func(t *testing.T) {
			values, err := readRange(t.Context(), &script{answers: c.answers}, "CN=x", "m", nil)
			got := string(join(values))
			if err != nil {
				got = "error: " + err.Error()
			}
			if text, isError := strings.CutPrefix(c.want, "error: "); isError && strings.HasPrefix(got, "error: ") && strings.Contains(got, text) {
				return
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func join(values [][]byte) []byte {
	var all []byte
	for i, v := range values {
		if i > 0 {
			all = append(all, ' ')
		}
		all = append(all, v...)
	}
	return all
}

func FuzzReadRange(f *testing.F) {
	f.Add("m;range=0-1 a b\nm;range=2-* c")
	f.Add("usn=1; m;range=0-1 a b\nusn=2; m;range=2-* c\nm a")
	f.Add("m;range=5-3 a\ngone")
	f.Fuzz(func(t *testing.T, text string) {
		answers := strings.Split(text, "\n")
		if len(answers) > 50 {
			return
		}
		s := &script{answers: slices.Clone(answers)}
		values, err := readRange(t.Context(), s, "CN=x", "m", nil)
		if err != nil && len(values) > 0 {
			t.Errorf("values beside the error %v", err)
		}
	})
}

func TestAGroupOfAHundredThousand(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	const members = 100000
	server := serveLDIF(t, ldaptest.ActiveDirectory, bigGroup(members), ldaptest.Options{})
	cfg := sourceOf(server)
	cfg.Users.Base, cfg.Groups.Base = []string{"OU=People,DC=example,DC=com"}, []string{"OU=Groups,DC=example,DC=com"}
	s := mustRead(t, cfg, Want{})
	if len(s.Users) != members || len(s.Groups[0].Members) != members {
		t.Errorf("%d users, %d members", len(s.Users), len(s.Groups[0].Members))
	}
}

func TestManyValuesOfAUserComeInParts(t *testing.T) {
	text := "dn: CN=ada,CN=Users,DC=example,DC=com\nobjectClass: user\nsAMAccountName: ada\n"
	for i := range 2000 {
		text += fmt.Sprintf("proxyAddresses: smtp:ada%04d@example.com\n", i)
	}
	cfg := sourceOf(serveLDIF(t, ldaptest.ActiveDirectory, text+"\n", ldaptest.Options{}))
	s := mustRead(t, cfg, Want{UserAttributes: []string{"proxyAddresses"}})
	if got := s.Users[0].Attributes.Get("PROXYADDRESSES"); len(got) != 2000 || got[1999] != "smtp:ada1999@example.com" {
		t.Errorf("%d values", len(got))
	}
}

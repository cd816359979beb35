package rules

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// a person is one user of a test: attribute to values, separated by "|".
type person map[string]string

func (p person) user(t testing.TB, n int) directory.User {
	t.Helper()
	attributes := map[string][]string{}
	u := directory.User{Anchor: directory.Anchor(fmt.Sprintf("00000000-0000-0000-0000-%012d", n)), DN: fmt.Sprintf("CN=User %d,OU=Staff,DC=example,DC=com", n), Active: true}
	for name, value := range p {
		switch name {
		case "DN":
			u.DN = value
		case "login":
			u.Login = value
		case "SID":
			u.SID = value
		case "off":
			u.Active, u.Inactive = false, "disabled"
		case "anchor":
			u.Anchor = directory.Anchor(value)
		case "manager":
			u.Manager = directory.Anchor(value)
		default:
			attributes[name] = strings.Split(value, "|")
		}
	}
	u.Attributes = directory.AttributesOf(attributes)
	return u
}

// defaults is the mapping of a type of directory.
func defaults(t testing.TB, kind string) *upload.Mapping {
	t.Helper()
	return mappingOf(t, upload.DefaultUsers(kind), upload.DefaultGroups(kind))
}

func mappingOf(t testing.TB, users, groups map[string][]string) *upload.Mapping {
	t.Helper()
	var m upload.Mapping
	var err error
	if m.User, err = upload.CompileRules(upload.User, users); err != nil {
		t.Fatal(err)
	}
	if m.Group, err = upload.CompileRules(upload.Group, groups); err != nil {
		t.Fatal(err)
	}
	return &m
}

// ada has nothing wrong with her.
var ada = person{"userPrincipalName": "ada@example.com", "mail": "ada@example.com", "displayName": "Ada Lovelace", "givenName": "Ada", "sn": "Lovelace"}

func with(p person, pairs ...string) person {
	out := person{}
	for k, v := range p {
		out[k] = v
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			delete(out, pairs[i])
		} else {
			out[pairs[i]] = pairs[i+1]
		}
	}
	return out
}

// lines runs a check over users of one AD source and gives each finding as
// "severity rule user attribute -> suggestion (safe)".
func lines(t testing.TB, o Options, people ...person) []string {
	t.Helper()
	return describe(findings(t, o, people...))
}

func findings(t testing.TB, o Options, people ...person) []Finding {
	t.Helper()
	s := &directory.Snapshot{}
	for i, p := range people {
		s.Users = append(s.Users, p.user(t, i+1))
	}
	src := Source{ID: "corp", AD: true, Mapping: defaults(t, "ad")}
	found := findingsAfter(t, o, func(c *Checker) { c.Add(src, s) })
	early := findingsAfter(t, o, func(c *Checker) { shown(c.Begin(src), s) })
	if !reflect.DeepEqual(early, found) {
		t.Errorf("of users who are shown before their snapshot is there:\n%+v\nand after:\n%+v", early, found)
	}
	return found
}

func findingsAfter(t testing.TB, o Options, add func(*Checker)) []Finding {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	add(c)
	return c.Findings()
}

// shown checks users who come last first, two at a time, the later ones before
// the others.
func shown(check *Check, s *directory.Snapshot) {
	var came []directory.User
	for i := range s.Users {
		s.Users[i].Number = int32(len(s.Users) - 1 - i)
		came = append(came, s.Users[i])
	}
	for pair := range slices.Chunk(came, 2) {
		check.Users(pair)
	}
	check.End(s)
}

func TestAnEntryOfASourceThatWasNotReadIsNotFound(t *testing.T) {
	faulty := with(ada, "userPrincipalName", "")
	src := Source{ID: "corp", AD: true, Mapping: defaults(t, "ad")}
	found := findingsAfter(t, Options{}, func(c *Checker) {
		c.Begin(src).Users([]directory.User{faulty.user(t, 1)})
		src.ID = "other"
		c.Begin(src).End(&directory.Snapshot{Users: []directory.User{faulty.user(t, 2)}})
	})
	if len(found) != 1 || found[0].Source != "other" || found[0].Rule != "missing-login" {
		t.Errorf("found %+v, want the missing login of the other source's user alone", found)
	}
}

func describe(findings []Finding) []string {
	var out []string
	for _, f := range findings {
		name, _, _ := strings.Cut(strings.TrimPrefix(f.DN, "CN="), ",")
		line := fmt.Sprintf("%s %s %s %s", f.Severity, f.Rule, name, f.Attribute)
		if f.Suggestion != "" {
			line += " -> " + f.Suggestion
			if f.Safe {
				line += " (safe)"
			}
		}
		out = append(out, strings.TrimSpace(line))
	}
	return out
}

func TestOneFaultIsOneFinding(t *testing.T) {
	long := strings.Repeat("a", 64)
	for _, test := range []struct {
		name    string
		options Options
		people  []person
		want    string
	}{
		{"nothing is wrong", Options{}, []person{ada}, ""},
		{"a space at the end of the login", Options{}, []person{with(ada, "userPrincipalName", "ada@example.com ")},
			"block edge-space User 1 userPrincipalName -> ada@example.com (safe)"},
		{"a space before a title only warns", Options{}, []person{with(ada, "title", " Lead")}, "warn edge-space User 1 title -> Lead (safe)"},
		{"a zero-width space in an address", Options{}, []person{with(ada, "mail", "ada\u200b@example.com")}, "block hidden-char User 1 mail -> ada@example.com (safe)"},
		{"a space inside an address", Options{}, []person{with(ada, "mail", "a da@example.com")}, "block inner-space User 1 mail -> ada@example.com"},
		{"a local part at the limit", Options{}, []person{with(ada, "mail", long+"@example.com")}, ""},
		{"a local part one past the limit", Options{}, []person{with(ada, "mail", long+"a@example.com")}, "block too-long User 1 mail"},
		{"two @ signs", Options{}, []person{with(ada, "mail", "ada@@example.com")}, "block bad-address User 1 mail -> ada@example.com"},
		{"two users with a login", Options{}, []person{ada, with(ada, "userPrincipalName", "ADA@example.com", "mail", "b@example.com")},
			"block dup-login User 1 userPrincipalName\nblock dup-login User 2 userPrincipalName"},
		{"two users with an e-mail", Options{}, []person{with(ada, "userPrincipalName", "a@example.com"), with(ada, "userPrincipalName", "b@example.com")},
			"block dup-email User 1 mail\nblock dup-email User 2 mail"},
		{"no e-mail", Options{}, []person{with(ada, "mail", "")}, "warn missing-email User 1 mail"},
		{"an internal suffix", Options{}, []person{with(ada, "userPrincipalName", "ada@corp.local", "mail", "ada@corp.local")},
			"warn unroutable-domain User 1 mail\nwarn unroutable-domain User 1 userPrincipalName"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := strings.Join(lines(t, test.options, test.people...), "\n")
			got = strings.Join(dropLine(strings.Split(got, "\n"), "login-mail-differ"), "\n")
			if got != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
}

// dropLine leaves out what many cases have as well.
func dropLine(lines []string, what string) []string {
	var out []string
	for _, l := range lines {
		if !strings.Contains(l, what) {
			out = append(out, l)
		}
	}
	return out
}

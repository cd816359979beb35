package commands

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"adsync/commands/ask"
	"adsync/ldapsrc/ldaptest"
)

// offered notes what was there to choose from.
type offered struct {
	ask.Asker
	lines []string
}

func (o *offered) note(q ask.Question, options []ask.Option) {
	for _, option := range options {
		o.lines = append(o.lines, q.Key+": "+option.Label+" - "+option.Help)
	}
}

func (o *offered) Choose(ctx context.Context, q ask.Question, options []ask.Option) (int, error) {
	o.note(q, options)
	return o.Asker.Choose(ctx, q, options)
}

func (o *offered) ChooseMany(ctx context.Context, q ask.Question, options []ask.Option) ([]int, error) {
	o.note(q, options)
	return o.Asker.ChooseMany(ctx, q, options)
}

// offers are the choices of a run, and what it said.
func (s *setUp) offers(answers map[string]string, change ...func(*initOptions)) (*offered, told) {
	var o *offered
	r := s.ok(s.init(answers, append(change, func(options *initOptions) {
		o = &offered{Asker: options.Asker}
		options.Asker = o
	})...))
	return o, r
}

// has fails the test unless all choices were offered.
func (o *offered) has(t *testing.T, want ...string) {
	t.Helper()
	for _, line := range want {
		if !slices.Contains(o.lines, line) {
			t.Errorf("no choice %q among\n%s", line, strings.Join(o.lines, "\n"))
		}
	}
}

var (
	browsing = []string{"scope", "ous", "user-base#1", "OU=People," + demoSuffix, "user-base#2", "OU=Sales,OU=People," + demoSuffix,
		"user-base#3", "take", "user-base#4", "done"}
	grouping = []string{"scope", "groups", "member-of", "CN=Team Sales,OU=Groups," + demoSuffix}
)

func TestInitShowsHowManyUsersEachPlaceAndGroupHas(t *testing.T) {
	s := corp(t)
	o, r := s.offers(s.answers(browsing...))
	r.says(t, nil, "  corp.example.com: 304 users\n", "71 users are in scope.")
	o.has(t, "user-base: People - 303 users", "user-base: Take all in Sales - 71 users", "user-base: Sales - taken; 71 users")

	s = corp(t)
	o, r = s.offers(s.answers(grouping...))
	r.says(t, nil, "Counting the members of the groups...", "70 users are in scope.")
	o.has(t, "member-of: Team Sales - 70 users, in OU=Groups,"+demoSuffix)
}

// Where groups are looked for, users are not counted.
func TestInitShowsNoUsersBesidePlacesOfGroups(t *testing.T) {
	s := corp(t)
	o, _ := s.offers(s.answers("groups", "yes", "group-scope", "ous", "group-base#1", "OU=Groups,"+demoSuffix, "group-base#2", "take", "group-base#3", "done"))
	for _, line := range o.lines {
		if strings.HasPrefix(line, "group-base: ") && strings.Contains(line, " user") {
			t.Error(line)
		}
	}
}

// The numbers are exact or not there, and never keep anybody waiting for long.
func TestInitShowsNoNumbersThatItCannotVouchFor(t *testing.T) {
	users := func(r ldaptest.Request) bool { return strings.Contains(r.Filter, "805306368") }
	for _, row := range []struct {
		name  string
		fault ldaptest.Fault
		says  string
	}{
		{"a list that is cut short", ldaptest.Fault{Where: users, After: 100, Do: ldaptest.Refuse(4, "limit")}, "cannot be counted: "},
		{"a directory that takes long", ldaptest.Fault{Where: users, Do: ldaptest.Delay(time.Minute)}, "not counted, that takes longer than 300ms; what you choose will be"},
	} {
		for _, choice := range [][]string{browsing, grouping} {
			t.Run(row.name+", "+choice[1], func(t *testing.T) {
				s := corp(t)
				s.ldap.Inject(row.fault)
				began := time.Now()
				o, r := s.offers(s.answers(choice...), func(o *initOptions) {
					o.CountWithin = 300 * time.Millisecond
					o.Asker = &atQuestion{o.Asker, "user-base", s.ldap.ClearFaults}
					o.Asker = &atMany{o.Asker, s.ldap.ClearFaults}
				})
				if d := time.Since(began); d > 20*time.Second {
					t.Errorf("it took %s", d)
				}
				r.says(t, nil, row.says, " users are in scope.")
				for _, line := range o.lines {
					if (strings.HasPrefix(line, "user-base: ") || strings.HasPrefix(line, "member-of: ")) && strings.Contains(line, " user") {
						t.Error(line)
					}
				}
			})
		}
	}
}

// atMany does something before one may mark several.
type atMany struct {
	ask.Asker
	do func()
}

func (a *atMany) ChooseMany(ctx context.Context, q ask.Question, o []ask.Option) ([]int, error) {
	a.do()
	return a.Asker.ChooseMany(ctx, q, o)
}

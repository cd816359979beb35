package commands

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"adsync/commands/ask"
	"adsync/ldapsrc/ldaptest"
)

// groupsLDIF is a directory of some groups, each with the one user in it.
func groupsLDIF(groups int) string {
	var b strings.Builder
	b.WriteString(strings.Replace(smallLDIF, "dn: cn=staff", "dn: ou=apps,dc=example,dc=org\nobjectClass: organizationalUnit\nou: apps\n\ndn: cn=staff", 1))
	for i := range groups {
		fmt.Fprintf(&b, "\ndn: cn=App %05d,ou=apps,dc=example,dc=org\nobjectClass: groupOfNames\ncn: App %05d\nmember: uid=jürgen,ou=Müller,dc=example,dc=org\n", i, i)
	}
	return b.String()
}

// company are the answers about a directory of groupsLDIF.
func (s *setUp) company(more ...string) map[string]string {
	return s.answers(append([]string{"bind-user", "uid=jürgen,ou=Müller,dc=example,dc=org", "password", "Größe-1", "source-id", "company"}, more...)...)
}

func TestInitSearchesManyGroupsByTheirFirstLetters(t *testing.T) {
	s := newSetUp(t, ldaptest.OpenLDAP, "dc=example,dc=org", groupsLDIF(manyGroups))
	first, second := "cn=App 00017,ou=apps,dc=example,dc=org", "cn=staff,dc=example,dc=org"
	r := s.ok(s.init(s.company("scope", "groups", "group-prefix#1", "zzz", "group-prefix#2", "app 0001", "member-of#1", first,
		"more-groups#1", "yes", "group-prefix#3", "st", "member-of#2", first+"\n"+second, "more-groups#2", "no")))
	r.says(t, nil, "1 user is in scope.")
	golden(t, "init/members-of-groups-that-were-searched.yaml", s.neutral(s.read("adsync.yaml")))
}

func TestInitHasAnotherScopeWhereThereAreNoGroups(t *testing.T) {
	ldif, _, _ := strings.Cut(smallLDIF, "dn: cn=staff")
	s := newSetUp(t, ldaptest.OpenLDAP, "dc=example,dc=org", ldif)
	r := s.ok(s.init(s.company("scope#1", "groups", "empty", "scope", "scope#2", "all")))
	r.says(t, nil, "the directory shows no groups to this account", "1 user is in scope.")
}

func TestInitShowsATreeOfThousandsOfOUs(t *testing.T) {
	var b strings.Builder
	b.WriteString(smallLDIF)
	for i := range 3000 {
		fmt.Fprintf(&b, "\ndn: ou=Branch %04d,dc=example,dc=org\nobjectClass: organizationalUnit\nou: Branch %04d\n", i, i)
	}
	s := newSetUp(t, ldaptest.OpenLDAP, "dc=example,dc=org", b.String())
	r := s.ok(s.init(s.company("scope", "ous", "user-base#1", "ou=Branch 2999,dc=example,dc=org", "user-base#2", "take", "user-base#3", "done", "empty", "keep")))
	r.says(t, nil, "Nobody is in that scope.")
}

func TestInitSaysThatADirectoryIsEmpty(t *testing.T) {
	s := newSetUp(t, ldaptest.OpenLDAP, "dc=example,dc=org", "dn: dc=example,dc=org\nobjectClass: domain\ndc: example\n\n"+
		"dn: cn=reader,dc=example,dc=org\nobjectClass: simpleSecurityObject\nobjectClass: organizationalRole\ncn: reader\nuserPassword: Größe-1\n")
	r := s.ok(s.init(s.company("bind-user", "cn=reader,dc=example,dc=org", "empty", "keep")))
	r.says(t, nil, "dc=example,dc=org: 0 users", "Nobody is in that scope.")
}

// atQuestion does something when a question is asked.
type atQuestion struct {
	ask.Asker
	key string
	do  func()
}

func (a *atQuestion) Choose(ctx context.Context, q ask.Question, o []ask.Option) (int, error) {
	if q.Key == a.key {
		a.do()
	}
	return a.Asker.Choose(ctx, q, o)
}

// What was answered is not lost when the server goes away for a while.
func TestInitGoesOnWhenTheServerComesBack(t *testing.T) {
	s := newSetUp(t, ldaptest.OpenLDAP, "dc=example,dc=org", smallLDIF)
	scopes := 0
	r := s.ok(s.init(s.company("scope#1", "ous", "empty", "scope", "scope#2", "all"), func(o *initOptions) {
		o.Asker = &atQuestion{o.Asker, "scope", func() {
			if scopes++; scopes == 1 {
				s.ldap.Inject(ldaptest.Fault{On: ldaptest.OpBind, Do: ldaptest.Refuse(51, "busy")})
			} else {
				s.ldap.ClearFaults()
			}
		}}
	}))
	r.says(t, nil, "That did not work: ", "1 user is in scope.")
}

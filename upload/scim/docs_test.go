package scim

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"adsync/upload"
)

var update = flag.Bool("update", false, "write the golden texts, and what the table of profiles says into docs/targets")

const (
	docsDir    = "../../docs/targets"
	factsBegin = "<!-- from upload/scim/profiles.go -->"
	factsEnd   = "<!-- end -->"
)

// Every profile has a page, and what the pages say of it is what the table
// says: go test ./upload/scim -run Documentation -update
func TestTheDocumentationIsTheTableOfProfiles(t *testing.T) {
	var list strings.Builder
	list.WriteString("\n\n| profile | service | groups | read | bulk | DELETE of a user |\n|---|---|---|---|---|---|\n")
	for _, p := range Profiles() {
		fmt.Fprintf(&list, "| [`%s`](%s.md) | %s | %s | %s | %s | %s |\n", p.Name, p.Name, p.Title,
			choose(p.NoGroups, "no", "yes"), readOf(&p), choose(p.NoBulk, "no", "where offered"),
			choose(p.NoDelete[upload.User], "not used", "yes"))
		if p.Name != "entra-bulk" { // speaks no SCIM, and has a page of its own
			checkPage(t, p.Name+".md", "\n\n"+factsOf(&p)+"\n")
		}
	}
	checkPage(t, "README.md", list.String()+"\n")
}

func readOf(p *Profile) string {
	switch {
	case p.Paging == PagingNone && p.UserFilters == nil:
		return "nothing"
	case p.Paging == PagingNone:
		return "by look-up only"
	}
	return "listed"
}

func choose(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

// checkPage compares, or writes, what stands between the marks of a page.
func checkPage(t *testing.T, name, want string) {
	t.Helper()
	path := filepath.Join(docsDir, name)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
		return
	}
	head, rest, begun := strings.Cut(string(raw), factsBegin)
	have, tail, ended := strings.Cut(rest, factsEnd)
	switch {
	case !begun || !ended:
		t.Errorf("%s lacks %s or %s", path, factsBegin, factsEnd)
	case *update:
		if err := os.WriteFile(path, []byte(head+factsBegin+want+factsEnd+tail), 0o644); err != nil {
			t.Error(err)
		}
	case have != want:
		t.Errorf("%s is not what the table says; run this test with -update\n%s", path, want)
	}
}

// factsOf is what a profile says, in the rows of a table.
func factsOf(p *Profile) string {
	rows := [][2]string{
		{"Source", p.Source},
		{"Told from the URL by", strings.Join(slices.Concat(p.Hosts, p.Paths), ", ")},
		{"Users want", code(append([]string{"userName"}, p.Required...))},
		{"Password of a new user", choose(p.NewPassword, "a random one that nobody knows", "")},
		{"Pages", pagesOf(p)},
		{"Users are looked up by", cmp.Or(code(p.UserFilters), "any attribute")},
		{"Groups", groupsOf(p)},
		{"Updates", updatesOf(p)},
		{"One value only", choose(slices.Contains(p.Single, "*"), "every multi-valued attribute", code(p.Single))},
		{"Type is not kept of", code(p.Untyped)},
		{"Not kept as written", code(p.ReadOnly)},
		{"Inactive users", choose(p.FrozenInactive, "are hidden or altered: their attributes are not compared", "")},
		{"DELETE of a user", choose(p.NoDelete[upload.User], "is not used: policy `delete` deactivates", "")},
		{"At once", fmt.Sprintf("%d requests%s%s", p.Width, rateOf(", %v reads a second", p.Reads), rateOf(", %v writes a second", p.Writes))},
	}
	var b strings.Builder
	b.WriteString("| | |\n|---|---|\n")
	for _, r := range rows {
		if r[1] != "" {
			fmt.Fprintf(&b, "| %s | %s |\n", r[0], r[1])
		}
	}
	return b.String()
}

func code(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "`" + strings.Join(names, "`, `") + "`"
}

func pagesOf(p *Profile) string {
	by := map[Paging]string{PagingOffered: "by index or cursor, as the service offers", PagingIndex: "by index", PagingCursor: "by cursor (RFC 9865)"}
	if p.Paging == PagingNone {
		return "none: nothing can be listed"
	}
	return fmt.Sprintf("%s, %d at a time", by[p.Paging], p.PageSize)
}

func groupsOf(p *Profile) string {
	if p.NoGroups {
		return "none"
	}
	members := map[MemberReading]string{
		MembersTried: "members read as the service shows them", MembersListed: "members listed", MembersOnRequest: "members read group by group",
		MembersByFilter: "members read by a filter on users", MembersNever: "members never shown",
	}
	parts := []string{members[p.Members], fmt.Sprintf("%d added and %d removed a request", p.AddMembers, p.RemoveMembers)}
	if p.Flat {
		parts = append(parts, "no groups in groups")
	}
	if p.NoGroupExternalID {
		parts = append(parts, "no externalId")
	}
	if len(p.GroupUnique) > 0 {
		parts = append(parts, "unique "+code(p.GroupUnique))
	}
	return strings.Join(parts, "; ")
}

func updatesOf(p *Profile) string {
	switch {
	case p.CreateOnly:
		return "only `active`: attributes are set by the create"
	case p.ActivePatch:
		return "PUT; PATCH for `active`"
	case p.NoPut:
		return "PATCH"
	}
	return "PATCH, PUT where that does not work"
}

func rateOf(format string, r Rate) string {
	if r.PerSecond == 0 {
		return ""
	}
	return fmt.Sprintf(format, r.PerSecond)
}

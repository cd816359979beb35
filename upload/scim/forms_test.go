package scim

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
	"adsync/upload/scimtest"
)

// team is a household in which all have the same manager.
func team(t *testing.T, quirks scimtest.Quirks) *household {
	t.Helper()
	c := householdAt(t, quirks, 8)
	for i := range c.users[1:] {
		c.users[i+1].Manager = c.users[0].Anchor
	}
	return c
}

// What a service drops, or keeps in another form, is said with a way out. Later
// runs try three and leave the others alone, and the way out leaves nothing to do.
func TestWhatAServiceKeepsInAnotherForm(t *testing.T) {
	for _, row := range []struct {
		name   string
		quirks scimtest.Quirks
		said   string
		title  string // the mapping that is hinted at
	}{
		{"HTML entities", scimtest.Quirks{EscapeHTML: []string{"title"}}, "keeps title with HTML entities (user): map it so, with {{html .ATTRIBUTE}}", "{{html .title}}"},
		{"capitals", scimtest.Quirks{UpperCase: []string{"title"}}, "keeps title in upper case (user): map it so, with {{upper .ATTRIBUTE}}", "{{upper .title}}"},
		{"the beginning", scimtest.Quirks{TextLength: 5}, `keeps title cut off at 5 characters (user): map it so, with {{printf "%.5s" .ATTRIBUTE}}`, `{{printf "%.5s" .title}}`},
		{"nothing", scimtest.Quirks{NotStored: []string{"title"}}, "does not keep the title that was written (user): leave title out of the mapping", ""},
	} {
		for _, status := range []int{http.StatusOK, http.StatusNoContent} {
			t.Run(fmt.Sprint(row.name, " ", status), func(t *testing.T) {
				row.quirks.PatchStatus = status
				c := team(t, row.quirks)
				if got := c.run(); !strings.HasSuffix(got, "said: the service "+row.said+"\n") {
					t.Errorf("first run:\n%s", got)
				}
				c.server.ResetRequests()
				got := c.run()
				if strings.Count(got, "planned: update user") != 8 || c.updated() != convincing || !strings.Contains(got, "; 5 more are not written\n") {
					t.Errorf("second run:\n%s", got)
				}
				if row.title != "" {
					c.title = row.title
					c.expect("with the mapping", "")
				}
			})
		}
	}
}

// updated is how many users were written to.
func (c *household) updated() int {
	users := map[string]bool{}
	for _, q := range c.server.Requests() {
		if q.Method == http.MethodPatch && strings.HasPrefix(q.Path, "/Users/") {
			users[q.Path] = true
		}
	}
	return len(users)
}

// convincing is how many resources a run tries before it leaves the others alone.
const convincing = 3

// A manager that nobody keeps is tried on three.
func TestAManagerThatIsNotKept(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusNoContent} {
		c := team(t, scimtest.Quirks{NotStored: []string{upload.SchemaEnterprise + ":manager"}, PatchStatus: status})
		for _, run := range []string{"first run", "second run"} {
			c.server.ResetRequests()
			got := c.run()
			if !strings.Contains(got, "does not keep the manager as it was written") || !strings.Contains(got, "leave it out of the mapping; 4 more are not written\n") {
				t.Errorf("%s:\n%s", run, got)
			}
			if n := c.updated(); n != convincing || run == "second run" && strings.Count(got, "planned: update user") != 7 {
				t.Errorf("%s: %d are tried:\n%s", run, n, got)
			}
		}
	}
}

// Forms that cannot mean anything else are no difference.
func TestFormsThatAreTheSame(t *testing.T) {
	for _, row := range []struct {
		name   string
		quirks scimtest.Quirks
	}{
		{"types in capitals", scimtest.Quirks{UpperCase: []string{"phoneNumbers.type"}}},
		{"numbers without space", scimtest.Quirks{NormalisePhones: true}},
		{"the name of the first user store before names", scimtest.Quirks{NamePrefix: "PRIMARY/"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := team(t, row.quirks)
			if got := c.run(); strings.Contains(got, "said:") {
				t.Errorf("first run:\n%s", got)
			}
			c.expect("second run", "")
		})
	}
}

// A resource that nobody owns is found by its name behind that of the store.
func TestNamesBehindThatOfTheUserStoreAreAdopted(t *testing.T) {
	c := householdAt(t, scimtest.Quirks{NamePrefix: "PRIMARY/"}, 1)
	if _, err := c.server.Put("User", map[string]any{"userName": "PRIMARY/p0"}); err != nil {
		t.Fatal(err)
	}
	c.expect("first run", "applied: adopt user p0\napplied: create group staff\napplied: add members to group staff\n")
	c.expect("second run", "")
}

func TestTelephoneNumbersAreComparedByTheirDigits(t *testing.T) {
	for _, number := range []string{"+1 555 0100", "+1-555-0100", "tel:+1-555-0100", "+15550100"} {
		if got := phone(number); got != "+15550100" {
			t.Errorf("%q is %q", number, got)
		}
	}
}

// What is answered with success and changes nothing is not reported as done.
func TestUpdatesThatAreAnsweredAndNotDone(t *testing.T) {
	for _, quirks := range []scimtest.Quirks{
		{Patch: scimtest.PatchNothing, NoPut: true, NoGroupPut: true},
		{Patch: scimtest.PatchNothing, NoPut: true, NoGroupPut: true, PatchStatus: http.StatusNoContent, Bulk: scimtest.BulkOff},
	} {
		c := householdAt(t, quirks, 6)
		c.groups = nil
		c.run()
		for i := range c.users {
			c.users[i].Attributes = directory.AttributesOf(map[string][]string{
				"uid": {fmt.Sprintf("p%d", i)}, "cn": {fmt.Sprintf("Person %d", i)}, "title": {"Lead"}, "telephoneNumber": {"+1 555 0100"},
			})
		}
		c.users[5].Active = false
		got := c.run()
		if strings.Count(got, "planned: update user") != 6 || !strings.Contains(got, "failed: deactivate user p5: status 200: the service answers with success and leaves active as it was (true)\n") ||
			!strings.Contains(got, "said: the service answers with success and leaves title as it was (user): if it cannot be changed there, leave it out of the mapping\n") {
			t.Errorf("run:\n%s", got)
		}
	}
}

// An adoption that is answered and not done is a failure, and says what is wrong
// with the mark.
func TestAdoptionsThatAreAnsweredAndNotDone(t *testing.T) {
	c := householdAt(t, scimtest.Quirks{Patch: scimtest.PatchNothing, NoPut: true, NoGroupPut: true}, 1)
	if _, err := c.server.Put("User", map[string]any{"userName": "p0"}); err != nil {
		t.Fatal(err)
	}
	c.groups = nil
	c.expect("nothing is kept", "failed: adopt user p0: status 200: the service answers with success and does not keep externalId\n")
	c = householdAt(t, scimtest.Quirks{ExternalIDLength: 30}, 1)
	c.run()
	c.expect("the beginning is kept", "failed: adopt user p0: status 200: the service answers with success and keeps the beginning of externalId alone (\"corp:00000001-0000-4000-8000-0\")\n"+
		"failed: adopt group staff: status 200: the service answers with success and keeps the beginning of externalId alone (\"corp:000003e9-0000-4000-8000-0\")\n"+
		"failed: add members to group staff: the group could not be adopted\n")
}

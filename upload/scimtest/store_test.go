package scimtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"adsync/upload/scimtest"
)

func TestOneNameOneUser(t *testing.T) {
	c := start(t, scimtest.Options{})
	var made, refused atomic.Int32
	var wait sync.WaitGroup
	for range 10 {
		wait.Go(func() {
			r, err := c.try("POST", "/Users", newUser)
			switch {
			case err != nil:
				t.Error(err)
			case r.status == http.StatusCreated:
				made.Add(1)
			case r.status == http.StatusConflict:
				refused.Add(1)
			}
		})
	}
	wait.Wait()
	if made.Load() != 1 || refused.Load() != 9 {
		t.Errorf("%d made, %d refused", made.Load(), refused.Load())
	}
}

func TestParallelChangesOfOneGroupAreAllKept(t *testing.T) {
	c := start(t, scimtest.Options{})
	ids, err := c.srv.Seed(40)
	if err != nil {
		t.Fatal(err)
	}
	group := c.do(201, "POST", "/Groups", groupHead+`"displayName":"g"}`).str("id")
	var wait sync.WaitGroup
	for _, id := range ids {
		wait.Go(func() {
			if r, err := c.try("PATCH", "/Groups/"+group, members(`{"op":"add","path":"members","value":[{"value":"`+id+`"}]}`)); err != nil || r.status != 200 {
				t.Errorf("add %s: %v %d", id, err, r.status)
			}
			if _, err := c.try("GET", "/Groups", ""); err != nil {
				t.Error(err)
			}
			c.srv.Fingerprint()
		})
	}
	wait.Wait()
	if n := len(c.srv.MemberIDs(group)); n != 40 {
		t.Errorf("%d members", n)
	}
}

func TestRenameKeepsIdentity(t *testing.T) {
	c := start(t, scimtest.Options{})
	first := c.do(201, "POST", "/Users", newUser).str("id")
	second := c.do(201, "POST", "/Users", newOther).str("id")
	rename := func(id, name string, status int) {
		t.Helper()
		c.do(status, "PATCH", "/Users/"+id, patchHead+`[{"op":"replace","path":"userName","value":"`+name+`"}]}`)
	}
	rename(first, "bob@example.com", 409)
	rename(first, "swap@example.com", 200)
	rename(second, "ada@example.com", 200)
	rename(first, "bob@example.com", 200)
	if c.srv.User("ada@example.com")["id"] != second || c.srv.User("bob@example.com")["id"] != first || c.srv.User("swap@example.com") != nil {
		t.Error("the names were not swapped")
	}
	c.do(200, "PATCH", "/Users/"+first, patchHead+`[{"op":"replace","path":"userName","value":"BOB@example.com"}]}`)
}

func TestOwnSchemas(t *testing.T) {
	text := func(name string) scimtest.Attribute {
		return scimtest.Attribute{Name: name, Type: "string", Mutability: "readWrite", Returned: "default", Uniqueness: "none"}
	}
	const urn = "urn:example:params:scim:schemas:extension:1.0:User"
	c := start(t, scimtest.Options{
		Extensions: []scimtest.Schema{{ID: urn, Name: "Example", Attributes: []scimtest.Attribute{text("badge")}}},
		Types: []scimtest.Type{{Name: "Computer", Endpoint: "/Computers",
			Schema: scimtest.Schema{ID: "urn:example:Computer", Name: "Computer", Attributes: []scimtest.Attribute{text("displayName"), text("os")}}}},
	})
	play(t, c, []step{
		{"POST", "/Users", userHead + `"userName":"ada","` + urn + `":{"badge":"7"}}`, 201, `"` + urn + `":{"badge":"7"}`, ""},
		{"PATCH", "/Users/$1", patchHead + `[{"op":"replace","path":"` + urn + `:badge","value":"8"}]}`, 200, `"badge":"8"`, ""},
		{"GET", `/Users?filter=` + urn + `:badge eq "8"`, "", 200, `"totalResults":1`, ""},
		{"GET", "/ResourceTypes", "", 200, "/Computers", ""},
		{"POST", "/Computers", `{"schemas":["urn:example:Computer"],"displayName":"pc1","os":"linux"}`, 201, `"resourceType":"Computer"`, ""},
		{"GET", `/Computers?filter=displayName eq "PC1" and os eq "linux"`, "", 200, `"totalResults":1`, ""},
	})
	if len(c.srv.Resources("Computer")) != 1 || c.srv.Resources("Printer") != nil {
		t.Error("the resources by type are wrong")
	}
}

func TestManyNamesInOneFilter(t *testing.T) {
	c := seeded(t, scimtest.Quirks{}, 3000)
	var parts []string
	for i := 1; i <= 300; i++ {
		parts = append(parts, fmt.Sprintf(`userName eq "USER%d@example.com"`, i*10))
	}
	if n := c.do(200, "GET", "/Users?count=1000&filter="+strings.Join(parts, " or "), "").number("totalResults"); n != 300 {
		t.Errorf("%d found", n)
	}
}

// BenchmarkMembers adds a hundred members to a group of ten thousand and takes them out again.
func BenchmarkMembers(b *testing.B) {
	srv, err := scimtest.Start(scimtest.Options{Quirks: scimtest.Quirks{Members: scimtest.ShownNever}})
	if err != nil {
		b.Fatal(err)
	}
	defer srv.Close()
	ids, err := srv.Seed(10100)
	if err != nil {
		b.Fatal(err)
	}
	list := func(ids []string) (out []any) {
		for _, id := range ids {
			out = append(out, map[string]any{"value": id})
		}
		return out
	}
	group, err := srv.Put("Group", map[string]any{"displayName": "g", "members": list(ids[:10000])})
	if err != nil {
		b.Fatal(err)
	}
	var values, paths []string
	for _, id := range ids[10000:] {
		values = append(values, `{"value":"`+id+`"}`)
		paths = append(paths, `value eq \"`+id+`\"`)
	}
	bodies := []string{members(`{"op":"add","path":"members","value":[` + strings.Join(values, ",") + `]}`), members(`{"op":"remove","path":"members[` + strings.Join(paths, " or ") + `]"}`)}
	for b.Loop() {
		for _, body := range bodies {
			req, err := http.NewRequestWithContext(b.Context(), http.MethodPatch, srv.URL()+"/Groups/"+group[0], strings.NewReader(body))
			if err != nil {
				b.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+srv.Token())
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				b.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				b.Fatalf("status %d", resp.StatusCode)
			}
		}
	}
}

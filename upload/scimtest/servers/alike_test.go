package servers_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"adsync/upload/scimtest"
	"adsync/upload/scimtest/servers"
)

const (
	head      = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],`
	groupHead = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],`
	patchHead = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":`
	ent       = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
)

// TestThePresetIsLikeTheRealOne sends the same requests to SCIMMY and to the in-process service that claims to behave
// like it, and compares what a client would notice.
func TestThePresetIsLikeTheRealOne(t *testing.T) {
	quirks, err := scimtest.ForService("scimmy")
	if err != nil {
		t.Fatal(err)
	}
	url, token, _ := servers.Scimmy(t)
	for _, row := range []struct{ name, method, path, body string }{
		{"an unknown attribute is dropped", "POST", "/Users", head + `"userName":"x","colour":"red"}`},
		{"no schemas", "POST", "/Users", `{"userName":"y"}`},
		{"a taken name in another case", "POST", "/Users", head + `"userName":"ADA"}`},
		{"no name", "POST", "/Users", head + `"title":"x"}`},
		{"equality in another case", "GET", `/Users?filter=userName%20eq%20%22ADA%22`, ""},
		{"operator and name in another case", "GET", `/Users?filter=USERNAME%20EQ%20%22ada%22`, ""},
		{"externalId", "GET", `/Users?filter=externalId%20eq%20%22corp:ada%22`, ""},
		{"a value path", "GET", `/Users?filter=emails%5Btype%20eq%20%22work%22%5D.value%20eq%20%22ada@example.com%22`, ""},
		{"a sub-attribute of several", "GET", `/Users?filter=emails.value%20eq%20%22ada@example.com%22`, ""},
		{"or", "GET", `/Users?filter=userName%20eq%20%22ada%22%20or%20userName%20eq%20%22bob%22`, ""},
		{"not", "GET", `/Users?filter=not%20(userName%20eq%20%22ada%22)`, ""},
		{"contains", "GET", `/Users?filter=userName%20co%20%22d%22`, ""},
		{"an unknown attribute in a filter", "GET", `/Users?filter=colour%20eq%20%22red%22`, ""},
		{"a page", "GET", "/Users?startIndex=2&count=1", ""},
		{"startIndex 0", "GET", "/Users?startIndex=0&count=1", ""},
		{"count 0", "GET", "/Users?count=0", ""},
		{"past the end", "GET", "/Users?startIndex=50&count=2", ""},
		{"sorted", "GET", "/Users?sortBy=userName&sortOrder=descending", ""},
		{"PUT removes what is not sent", "PUT", "/Users/$ada", head + `"userName":"ada"}`},
		{"PUT of a taken name", "PUT", "/Users/$ada", head + `"userName":"bob"}`},
		{"PUT of nobody", "PUT", "/Users/none", head + `"userName":"zed"}`},
		{"Replace in Entra's case", "PATCH", "/Users/$ada", patchHead + `[{"op":"Replace","path":"title","value":"x"}]}`},
		{"no path, nested", "PATCH", "/Users/$ada", patchHead + `[{"op":"replace","value":{"name":{"givenName":"A"}}}]}`},
		{"no path, dotted", "PATCH", "/Users/$ada", patchHead + `[{"op":"replace","value":{"name.familyName":"B"}}]}`},
		{"no path, a URN", "PATCH", "/Users/$ada", patchHead + `[{"op":"replace","value":{"` + ent + `:department":"D"}}]}`},
		{"the manager as an object", "PATCH", "/Users/$ada", patchHead + `[{"op":"add","path":"` + ent + `:manager","value":{"value":"m"}}]}`},
		{"the manager as a string", "PATCH", "/Users/$ada", patchHead + `[{"op":"add","path":"` + ent + `:manager","value":"m"}]}`},
		{"by value filter", "PATCH", "/Users/$ada", patchHead + `[{"op":"replace","path":"emails[type eq \"work\"].value","value":"new@example.com"}]}`},
		{"by value filter, none there", "PATCH", "/Users/$ada", patchHead + `[{"op":"add","path":"emails[type eq \"home\"].value","value":"new@example.com"}]}`},
		{"a boolean as a string", "PATCH", "/Users/$ada", patchHead + `[{"op":"replace","path":"active","value":"True"}]}`},
		{"an unknown path", "PATCH", "/Users/$ada", patchHead + `[{"op":"replace","path":"colour","value":"x"}]}`},
		{"the id", "PATCH", "/Users/$ada", patchHead + `[{"op":"replace","path":"id","value":"x"}]}`},
		{"good and bad together", "PATCH", "/Users/$ada", patchHead + `[{"op":"replace","path":"title","value":"x"},{"op":"replace","path":"colour","value":"x"}]}`},
		{"PATCH of nobody", "PATCH", "/Users/none", patchHead + `[{"op":"replace","path":"title","value":"x"}]}`},
		{"DELETE of nobody", "DELETE", "/Users/none", ""},
		{"adding a member that is there", "PATCH", "/Groups/$g", patchHead + `[{"op":"add","path":"members","value":[{"value":"$ada"}]}]}`},
		{"removing one", "PATCH", "/Groups/$g", patchHead + `[{"op":"remove","path":"members[value eq \"$ada\"]"}]}`},
		{"removing two", "PATCH", "/Groups/$g", patchHead + `[{"op":"remove","path":"members[value eq \"$ada\" or value eq \"$bob\"]"}]}`},
		{"removing one that is not there", "PATCH", "/Groups/$g", patchHead + `[{"op":"remove","path":"members[value eq \"x\"]"}]}`},
		{"removing all", "PATCH", "/Groups/$g", patchHead + `[{"op":"remove","path":"members"}]}`},
		{"removing by a value list", "PATCH", "/Groups/$g", patchHead + `[{"op":"remove","path":"members","value":[{"value":"$ada"}]}]}`},
		{"replacing", "PATCH", "/Groups/$g", patchHead + `[{"op":"replace","path":"members","value":[{"value":"$bob"}]}]}`},
		{"an unknown member", "PATCH", "/Groups/$g", patchHead + `[{"op":"add","path":"members","value":[{"value":"nobody"}]}]}`},
		{"groups by member", "GET", `/Groups?filter=members.value%20eq%20%22$ada%22`, ""},
		{"an unknown endpoint", "GET", "/Nothing", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			srv, err := scimtest.Start(scimtest.Options{Quirks: quirks})
			if err != nil {
				t.Fatal(err)
			}
			defer srv.Close()
			want := notice(t, url, token, row.method, row.path, row.body)
			if got := notice(t, srv.URL(), srv.Token(), row.method, row.path, row.body); got != want {
				t.Errorf("the preset:\n%s\nSCIMMY:\n%s", got, want)
			}
		})
	}
}

// notice makes two users and a group of them, sends one request, tells what came of it, and cleans up.
func notice(t *testing.T, url, token, method, path, body string) string {
	t.Helper()
	names := map[string]string{}
	var paths []string
	replace := func(text string) string {
		for name, id := range names {
			text = strings.ReplaceAll(text, "$"+name, id)
		}
		return text
	}
	create := func(name, path, body string) {
		status, text := send(t, "POST", url+path, token, replace(body))
		var made struct{ ID string }
		if err := json.Unmarshal([]byte(text), &made); err != nil || status != 201 {
			t.Fatalf("create %s: %d %s", name, status, text)
		}
		names[name] = made.ID
		paths = append(paths, path+"/"+made.ID)
	}
	for _, name := range []string{"ada", "bob"} {
		create(name, "/Users", head+`"userName":"`+name+`","externalId":"corp:`+name+`","active":true,"emails":[{"value":"`+name+`@example.com","type":"work"}]}`)
	}
	create("g", "/Groups", groupHead+`"displayName":"g","members":[{"value":"$ada"},{"value":"$bob"}]}`)
	defer func() {
		for _, path := range paths {
			send(t, "DELETE", url+path, token, "")
		}
	}()
	status, text := send(t, method, url+replace(path), token, replace(body))
	out := []string{fmt.Sprint(status, " ", summary(t, text, names))}
	var made struct{ ID string }
	if status == 201 && json.Unmarshal([]byte(text), &made) == nil {
		paths = append(paths, path+"/"+made.ID)
	}
	for _, path := range []string{"/Users/" + names["ada"], "/Groups/" + names["g"]} {
		_, text := send(t, "GET", url+path, token, "")
		out = append(out, summary(t, text, names))
	}
	return strings.Join(out, "\n")
}

// summary is an answer without what the server made up: ids, times, addresses, wording.
func summary(t *testing.T, text string, names map[string]string) string {
	t.Helper()
	if text == "" {
		return ""
	}
	var doc map[string]any
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return text
	}
	if rows, ok := doc["Resources"].([]any); ok {
		var found []string
		for _, row := range rows {
			m, _ := row.(map[string]any)
			found = append(found, fmt.Sprint(m["userName"], m["displayName"]))
		}
		return fmt.Sprint("list of ", doc["totalResults"], " from ", doc["startIndex"], ": ", found)
	}
	for _, name := range []string{"meta", "id", "detail", "schemas"} {
		delete(doc, name)
	}
	if list, ok := doc["members"].([]any); ok {
		for _, v := range list {
			m, _ := v.(map[string]any)
			delete(m, "$ref")
			delete(m, "type")
			delete(m, "display")
		}
		slices.SortFunc(list, func(a, b any) int { return strings.Compare(label(a, names), label(b, names)) })
		if len(list) == 0 {
			delete(doc, "members")
		}
	}
	b, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	out := string(b)
	for name, id := range names {
		out = strings.ReplaceAll(out, id, name)
	}
	return out
}

// label is the name of a member, for sorting: a second listing of a member has no fixed place.
func label(member any, names map[string]string) string {
	text := fmt.Sprint(member)
	for name, id := range names {
		text = strings.ReplaceAll(text, id, name)
	}
	return text
}

package scimtest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"adsync/upload/scimtest"
)

// client sends requests the way a test reads best: one line each, everything checked by the caller.
type client struct {
	t     *testing.T
	srv   *scimtest.Server
	http  *http.Client
	extra http.Header
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

func start(t *testing.T, opts scimtest.Options) *client {
	t.Helper()
	srv, err := scimtest.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Close)
	return &client{t: t, srv: srv, http: &http.Client{Transport: &http.Transport{}}, extra: http.Header{}}
}

func withQuirks(t *testing.T, q scimtest.Quirks) *client {
	t.Helper()
	return start(t, scimtest.Options{Quirks: q})
}

func (c *client) try(method, path, body string) (reply, error) {
	c.t.Helper()
	address := c.srv.URL() + path
	if path, query, ok := strings.Cut(path, "?"); ok {
		values := url.Values{}
		for part := range strings.SplitSeq(query, "&") {
			name, value, _ := strings.Cut(part, "=")
			values.Add(name, value)
		}
		address = c.srv.URL() + path + "?" + values.Encode()
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.srv.Token())
	req.Header.Set("Content-Type", "application/scim+json")
	for name, values := range c.extra {
		req.Header[name] = values
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{}, err
	}
	r := reply{status: resp.StatusCode, header: resp.Header, text: string(raw)}
	if bytes.HasPrefix(raw, []byte("{")) {
		if err := json.Unmarshal(raw, &r.body); err != nil {
			return r, err
		}
	}
	return r, nil
}

// do sends a request that must be answered with the given status.
func (c *client) do(status int, method, path, body string) reply {
	c.t.Helper()
	r, err := c.try(method, path, body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	if r.status != status {
		c.t.Fatalf("%s %s: status %d, want %d: %s", method, path, r.status, status, r.text)
	}
	return r
}

func (r reply) str(name string) string {
	s, _ := r.body[name].(string)
	return s
}

func (r reply) number(name string) int {
	n, ok := r.body[name].(float64)
	if !ok {
		return -1
	}
	return int(n)
}

// names lists the userName or displayName of each row of a list.
func (r reply) names() string {
	rows, _ := r.body["Resources"].([]any)
	if rows == nil {
		rows, _ = r.body["resources"].([]any)
	}
	var out []string
	for _, row := range rows {
		m := row.(map[string]any)
		name, ok := m["userName"].(string)
		if !ok {
			name, _ = m["displayName"].(string)
		}
		out = append(out, name)
	}
	return strings.Join(out, " ")
}

const (
	userHead  = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],`
	groupHead = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],`
	patchHead = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":`
)

// compact removes the layout of a JSON text, so that expectations can be written readably.
func compact(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestUserLifeCycle(t *testing.T) {
	c := start(t, scimtest.Options{})
	made := c.do(201, "POST", "/Users", userHead+`"userName":"ada@example.com","externalId":"corp:1","name":{"givenName":"Ada"},"active":true}`)
	id := made.str("id")
	if want := c.srv.URL() + "/Users/" + id; made.header.Get("Location") != want {
		t.Errorf("Location %q, want %q", made.header.Get("Location"), want)
	}
	clash := c.do(409, "POST", "/Users", userHead+`"userName":"ADA@example.com"}`)
	if clash.str("scimType") != "uniqueness" || clash.str("status") != "409" {
		t.Errorf("conflict answered %s", clash.text)
	}
	c.do(200, "PATCH", "/Users/"+id, patchHead+`[{"op":"Replace","path":"title","value":"Engineer"}]}`)
	if got := c.do(200, "GET", "/Users/"+id, "").str("title"); got != "Engineer" {
		t.Errorf("title %q", got)
	}
	c.do(200, "PUT", "/Users/"+id, userHead+`"userName":"ada@example.com"}`)
	after := c.do(200, "GET", "/Users/"+id, "")
	if after.body["title"] != nil || after.body["active"] != nil || after.body["externalId"] != nil {
		t.Errorf("PUT kept what was not sent: %s", after.text)
	}
	c.do(204, "DELETE", "/Users/"+id, "")
	c.do(404, "GET", "/Users/"+id, "")
	c.do(404, "DELETE", "/Users/"+id, "")
}

func sorted(names []string) []string {
	slices.Sort(names)
	return names
}

func TestGroupsAndBackReferences(t *testing.T) {
	c := start(t, scimtest.Options{})
	user := c.do(201, "POST", "/Users", userHead+`"userName":"ada","displayName":"Ada L."}`).str("id")
	group := c.do(201, "POST", "/Groups", groupHead+`"displayName":"Engineers","externalId":"corp:g1","members":[{"value":"`+user+`"}]}`).str("id")
	members, _ := json.Marshal(c.do(200, "GET", "/Groups/"+group, "").body["members"])
	if want := compact(t, `[{"value":"`+user+`","$ref":"`+c.srv.URL()+`/Users/`+user+`","type":"User","display":"Ada L."}]`); string(members) != want {
		t.Errorf("members %s, want %s", members, want)
	}
	groups, _ := json.Marshal(c.do(200, "GET", "/Users/"+user, "").body["groups"])
	if want := compact(t, `[{"value":"`+group+`","$ref":"`+c.srv.URL()+`/Groups/`+group+`","type":"direct","display":"Engineers"}]`); string(groups) != want {
		t.Errorf("groups %s, want %s", groups, want)
	}
	c.do(204, "DELETE", "/Users/"+user, "")
	if after := c.do(200, "GET", "/Groups/"+group, ""); after.body["members"] != nil {
		t.Errorf("a deleted user is still a member: %s", after.text)
	}
}

// The enterprise user of RFC 7643, section 8.3, shortened where it repeats itself.
const rfcUser = `{
	"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
	"id":"2819c223-7f76-453a-919d-413861904646","externalId":"701984","userName":"bjensen@example.com",
	"name":{"formatted":"Ms. Barbara J Jensen, III","familyName":"Jensen","givenName":"Barbara","middleName":"Jane","honorificPrefix":"Ms.","honorificSuffix":"III"},
	"displayName":"Babs Jensen","nickName":"Babs","profileUrl":"https://login.example.com/bjensen",
	"emails":[{"value":"bjensen@example.com","type":"work","primary":true},{"value":"babs@jensen.example.org","type":"home"}],
	"addresses":[{"streetAddress":"100 Universal City Plaza","locality":"Hollywood","region":"CA","postalCode":"91608","country":"USA",
		"formatted":"100 Universal City Plaza\nHollywood, CA 91608 USA","type":"work","primary":true}],
	"phoneNumbers":[{"value":"555-555-5555","type":"work"},{"value":"555-555-4444","type":"mobile"}],
	"ims":[{"value":"someaimhandle","type":"aim"}],"photos":[{"value":"https://photos.example.com/profilephoto/72930000000Ccne/F","type":"photo"}],
	"userType":"Employee","title":"Tour Guide","preferredLanguage":"en-US","locale":"en-US","timezone":"America/Los_Angeles","active":true,"password":"t1meMa$heen",
	"groups":[{"value":"e9e30dba-f08f-4109-8486-d5c6a331660a","display":"Tour Guides"}],"x509Certificates":[{"value":"MIIDQzCCAqygAwIBAgICEAAwDQYJKoZIhvcNAQEFBQAwTjELMAkGA1UEBhMCVVMx"}],
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"701984","costCenter":"4130","organization":"Universal Studios","division":"Theme Park","department":"Tour Operations",
		"manager":{"value":"26118915-6090-4610-87e4-49d8ca9f808d","$ref":"../Users/26118915-6090-4610-87e4-49d8ca9f808d","displayName":"John Smith"}},
	"meta":{"resourceType":"User","version":"W\/\"3694e05e9dff591\""}}`

func TestTheUserOfTheRFCIsKeptWhole(t *testing.T) {
	c := start(t, scimtest.Options{KeepBodies: true})
	id := c.do(201, "POST", "/Users", rfcUser).str("id")
	var want map[string]any
	if err := json.Unmarshal([]byte(rfcUser), &want); err != nil {
		t.Fatal(err)
	}
	for _, readOnly := range []string{"id", "meta", "groups", "password"} {
		delete(want, readOnly)
	}
	delete(want[scimtest.EnterpriseSchema].(map[string]any)["manager"].(map[string]any), "displayName")
	got := c.do(200, "GET", "/Users/"+id, "").body
	delete(got, "id")
	delete(got, "meta")
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read back %v\nwant %v", got, want)
	}
	if log := c.srv.Requests()[0]; string(log.Body) != rfcUser || log.BodySize != len(rfcUser) {
		t.Errorf("the log has %d bytes of %d", len(log.Body), log.BodySize)
	}
}

func TestContentTypes(t *testing.T) {
	for _, row := range []struct {
		kind   string
		status int
	}{
		{"application/scim+json", 201}, {"application/json; charset=utf-8", 201}, {"", 201}, {"text/plain", 415}, {"application/x-www-form-urlencoded", 415},
	} {
		c := start(t, scimtest.Options{})
		c.extra = http.Header{"Content-Type": {row.kind}}
		c.do(row.status, "POST", "/Users", newUser)
	}
}

func TestProjections(t *testing.T) {
	c := start(t, scimtest.Options{})
	id := c.do(201, "POST", "/Users", userHead+`"userName":"ada","title":"Engineer","name":{"givenName":"Ada","familyName":"L"},
		"emails":[{"value":"a@example.com","type":"work"}],`+ent+`:{"department":"R","costCenter":"1"}}`).str("id")
	schemas := `"schemas":["urn:ietf:params:scim:schemas:core:2.0:User",` + ent + `],"id":"` + id + `"`
	for _, row := range []struct{ name, query, want string }{
		{"one attribute", "attributes=userName", `{` + schemas + `,"userName":"ada"}`},
		{"names ignore case and may have blanks", "attributes=USERNAME, Title", `{` + schemas + `,"userName":"ada","title":"Engineer"}`},
		{"a sub-attribute", "attributes=name.givenName,emails.value", `{` + schemas + `,"name":{"givenName":"Ada"},"emails":[{"value":"a@example.com"}]}`},
		{"an extension", "attributes=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", `{` + schemas + `,` + ent + `:{"department":"R","costCenter":"1"}}`},
		{"an extension's attribute", "attributes=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", `{` + schemas + `,` + ent + `:{"department":"R"}}`},
		{"the core URN", "attributes=urn:ietf:params:scim:schemas:core:2.0:User:title", `{` + schemas + `,"title":"Engineer"}`},
		{"all but some", "excludedAttributes=meta,emails,name.givenName,urn:ietf:params:scim:schemas:extension:enterprise:2.0:User,id",
			`{` + schemas + `,"userName":"ada","title":"Engineer","name":{"familyName":"L"}}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := compact(t, c.do(200, "GET", "/Users/"+id+"?"+row.query, "").text); got != compact(t, row.want) {
				t.Errorf("got %s\nwant %s", got, compact(t, row.want))
			}
		})
	}
}

func TestEntityTags(t *testing.T) {
	c := start(t, scimtest.Options{})
	made := c.do(201, "POST", "/Users", userHead+`"userName":"ada"}`)
	path, first := "/Users/"+made.str("id"), made.header.Get("ETag")
	c.extra.Set("If-None-Match", first)
	c.do(304, "GET", path, "")
	c.extra = http.Header{"If-Match": {first}}
	second := c.do(200, "PUT", path, userHead+`"userName":"ada","title":"x"}`).header.Get("ETag")
	if second == first {
		t.Fatalf("the version stayed %s", first)
	}
	c.do(412, "PUT", path, userHead+`"userName":"ada"}`)
	c.do(412, "PATCH", path, patchHead+`[{"op":"add","path":"title","value":"y"}]}`)
	c.do(412, "DELETE", path, "")
	c.extra = http.Header{"If-Match": {`W/"0", ` + second}}
	c.do(204, "DELETE", path, "")
}

func TestWrites(t *testing.T) {
	for _, row := range []struct {
		name, body string
		status     int
		scimType   string
	}{
		{"a body that is no JSON", `{`, 400, "invalidSyntax"},
		{"a body that is an array", `[]`, 400, "invalidSyntax"},
		{"no schemas", `{"userName":"ada"}`, 400, "invalidSyntax"},
		{"no userName", userHead + `"title":"x"}`, 400, "invalidValue"},
		{"an empty userName", userHead + `"userName":" "}`, 400, "invalidValue"},
		{"a number as a name", userHead + `"userName":7}`, 400, "invalidValue"},
		{"two primary addresses", userHead + `"userName":"ada","emails":[{"value":"a","primary":true},{"value":"b","primary":true}]}`, 400, "invalidValue"},
		{"attribute names in any case", `{"SCHEMAS":["urn:ietf:params:scim:schemas:core:2.0:User"],"USERNAME":"ada"}`, 201, ""},
		{"an unknown attribute is dropped", userHead + `"userName":"ada","colour":"red"}`, 201, ""},
		{"an id and groups of the client's are ignored", userHead + `"userName":"ada","id":"mine","groups":[{"value":"g"}],"meta":{"version":"1"}}`, 201, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := start(t, scimtest.Options{})
			r := c.do(row.status, "POST", "/Users", row.body)
			if r.str("scimType") != row.scimType {
				t.Errorf("scimType %q, want %q", r.str("scimType"), row.scimType)
			}
			if row.status == 201 && (r.str("userName") != "ada" || r.body["colour"] != nil || r.body["groups"] != nil || r.str("id") == "mine") {
				t.Errorf("stored %s", r.text)
			}
		})
	}
}

func TestDiscovery(t *testing.T) {
	c := start(t, scimtest.Options{Quirks: scimtest.Quirks{Devices: true, PageCap: 50}})
	config := compact(t, c.do(200, "GET", "/ServiceProviderConfig", "").text)
	for _, part := range []string{`"patch":{"supported":true}`, `"bulk":{"maxOperations":1000,"maxPayloadSize":1048576,"supported":true}`,
		`"filter":{"maxResults":50,"supported":true}`, `"pagination":{"cursor":true,"defaultPageSize":100,"index":true,"maxPageSize":50}`, `"type":"oauthbearertoken"`} {
		if !strings.Contains(config, part) {
			t.Errorf("ServiceProviderConfig lacks %s: %s", part, config)
		}
	}
	if types := c.do(200, "GET", "/ResourceTypes", ""); types.number("totalResults") != 3 {
		t.Errorf("resource types: %s", types.text)
	}
	if user := c.do(200, "GET", "/ResourceTypes/User", ""); user.str("endpoint") != "/Users" {
		t.Errorf("resource type: %s", user.text)
	}
	if schemas := c.do(200, "GET", "/Schemas", ""); schemas.number("totalResults") != 4 {
		t.Errorf("%d schemas", schemas.number("totalResults"))
	}
	if user := c.do(200, "GET", "/Schemas/"+scimtest.EnterpriseSchema, ""); user.str("name") != "EnterpriseUser" {
		t.Errorf("schema: %s", user.text)
	}
	c.do(404, "GET", "/Schemas/urn:none", "")
	c.do(403, "GET", "/Schemas?filter=id pr", "")
	c.do(404, "GET", "/Nothing", "")
	c.do(405, "DELETE", "/Users", "")
	c.do(201, "POST", "/Devices", `{"schemas":["`+scimtest.DeviceSchema+`"],"displayName":"pc1","externalId":"corp:d1","active":true}`)
	if got := c.do(200, "GET", `/Devices?filter=externalId eq "corp:d1"`, "").names(); got != "pc1" {
		t.Errorf("devices %q", got)
	}
}

func TestSomebodyElseEdits(t *testing.T) {
	c := start(t, scimtest.Options{Quirks: scimtest.Quirks{Patch: scimtest.PatchOff}})
	ids, err := c.srv.Seed(3)
	if err != nil {
		t.Fatal(err)
	}
	groups, err := c.srv.Put("Group", map[string]any{"displayName": "g", "members": []any{map[string]any{"value": ids[0]}, map[string]any{"value": ids[1]}}})
	if err != nil {
		t.Fatal(err)
	}
	before := c.srv.Fingerprint()
	if err := c.srv.Edit(groups[0], func(g map[string]any) { g["members"] = []any{map[string]any{"value": ids[2]}} }); err != nil {
		t.Fatal(err)
	}
	if err := c.srv.Edit(ids[0], func(u map[string]any) { u["userName"] = "renamed@example.com" }); err != nil {
		t.Fatal(err)
	}
	if err := c.srv.Delete(ids[1]); err != nil {
		t.Fatal(err)
	}
	if got := c.do(200, "GET", "/Users?sortBy=userName", "").names(); got != "renamed@example.com user3@example.com" {
		t.Errorf("users %q", got)
	}
	if got := memberNames(t, c, groups[0]); got != "user3@example.com" {
		t.Errorf("members %q", got)
	}
	if c.srv.User("USER1@example.com") != nil || c.srv.User("Renamed@example.com") == nil {
		t.Error("the index did not follow the rename")
	}
	if c.srv.Fingerprint() == before {
		t.Error("the fingerprint did not change")
	}
	want := []scimtest.Request{{Method: "GET", Path: "/Users", Query: "sortBy=userName", Status: 200}}
	if got := c.srv.Requests(); !reflect.DeepEqual(got, want) {
		t.Errorf("requests %v, want %v", got, want)
	}
}

func TestFingerprintLooksAtContentOnly(t *testing.T) {
	var prints []string
	for i, order := range [][]string{{"a", "b"}, {"b", "a"}} {
		c := start(t, scimtest.Options{Seed: uint64(i)})
		ids := map[string]string{}
		for _, name := range order {
			ids[name] = c.do(201, "POST", "/Users", userHead+`"userName":"`+name+`"}`).str("id")
		}
		c.do(200, "PATCH", "/Users/"+ids["a"], patchHead+`[{"op":"add","path":"`+scimtest.EnterpriseSchema+`:manager","value":{"value":"`+ids["b"]+`"}}]}`)
		c.do(201, "POST", "/Groups", groupHead+`"displayName":"g","members":[{"value":"`+ids[order[0]]+`"},{"value":"`+ids[order[1]]+`"}]}`)
		prints = append(prints, c.srv.Dump())
	}
	if prints[0] != prints[1] {
		t.Errorf("the same content gives\n%s\nand\n%s", prints[0], prints[1])
	}
}

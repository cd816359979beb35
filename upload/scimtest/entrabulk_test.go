package scimtest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"adsync/upload/scimtest"
)

// entra is the simulator with a token at hand.
type entra struct {
	*scimtest.EntraBulk
	t     *testing.T
	token string
	now   *clock
}

func startEntra(t *testing.T, opts scimtest.EntraBulkOptions) *entra {
	t.Helper()
	now := newClock()
	opts.Now = now.now
	sim, err := scimtest.StartEntraBulk(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	id, secret := sim.Client()
	code, token := fetchToken(t, sim.TokenURL(), url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret},
		"scope": {"https://graph.microsoft.com/.default"}})
	if code != 200 {
		t.Fatalf("token endpoint: %d %s", code, token)
	}
	return &entra{sim, t, token, now}
}

func (e *entra) send(method, address, contentType, body string) reply {
	e.t.Helper()
	req, err := http.NewRequestWithContext(e.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		e.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+e.token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		e.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		e.t.Fatal(err)
	}
	r := reply{status: resp.StatusCode, header: resp.Header, text: string(raw)}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &r.body); err != nil {
			e.t.Fatal(err)
		}
	}
	return r
}

// record is one operation of an upload.
func record(externalID, rest string) string {
	return `{"method":"POST","bulkId":"` + externalID + `","path":"/Users","data":{"schemas":["` + scimtest.UserSchema + `","` + scimtest.EnterpriseSchema + `"],"externalId":"` + externalID + `",` + rest + `}}`
}

func (e *entra) upload(records ...string) reply {
	e.t.Helper()
	return e.send("POST", e.URL(), "application/scim+json", bulkHead+`"Operations":[`+strings.Join(records, ",")+`],"failOnErrors":null}`)
}

// log reads the provisioning log, page by page, as "id action status code".
func (e *entra) log(filter string) string {
	e.t.Helper()
	address := e.GraphURL() + "/v1.0/auditLogs/provisioning?$filter=" + url.QueryEscape(filter) + "&$top=2"
	var lines []string
	for address != "" {
		r := e.send("GET", address, "", "")
		if r.status != 200 {
			e.t.Fatalf("log: %d %s", r.status, r.text)
		}
		for _, v := range r.body["value"].([]any) {
			m := v.(map[string]any)
			info := m["provisioningStatusInfo"].(map[string]any)
			line := fmt.Sprint(m["sourceIdentity"].(map[string]any)["id"], " ", m["provisioningAction"], " ", info["status"])
			if detail, ok := info["errorInformation"].(map[string]any); ok && detail["errorCode"] != "" {
				line += fmt.Sprint(" ", detail["errorCode"])
			}
			lines = append(lines, line)
		}
		address = r.str("@odata.nextLink")
	}
	return strings.Join(lines, "\n")
}

func TestEntraBulkUpload(t *testing.T) {
	e := startEntra(t, scimtest.EntraBulkOptions{Domains: []string{"example.com"}, LogDelay: 5 * time.Minute})
	began := e.now.now().Format(time.RFC3339)
	r := e.upload(
		record("1", `"userName":"ada@example.com","displayName":"Ada","active":true,`+ent+`:{"manager":{"value":"2"}}`),
		record("2", `"userName":"bob@example.com"`),
		record("3", `"userName":"eve@elsewhere.example.org"`),
		record("4", `"userName":"ADA@example.com"`))
	if r.status != 202 || r.text != "" || !strings.Contains(r.header.Get("Location"), "/auditLogs/provisioning/?$filter=jobid%20eq%20'API2AAD.1'") {
		t.Fatalf("answered %d %s %v", r.status, r.text, r.header)
	}
	e.now.advance(time.Minute)
	e.upload(record("1", `"userName":"ada@example.com","active":false`), record("2", `"userName":"bob@example.com"`))
	filter := "jobId eq 'API2AAD.1' and activityDateTime ge " + began
	if got := e.log(filter); got != "" {
		t.Errorf("the log is early: %s", got)
	}
	e.now.advance(10 * time.Minute)
	want := strings.Join([]string{"1 create warning", "2 create success", "3 create failure AzureActiveDirectoryInvalidUserPrincipalName",
		"4 create failure AzureActiveDirectoryDuplicateUserPrincipalName", "1 disable success", "2 update skipped"}, "\n")
	if got := e.log(filter); got != want {
		t.Errorf("log\n%s\nwant\n%s", got, want)
	}
	first := e.send("GET", e.GraphURL()+"/v1.0/auditLogs/provisioning?$top=1&$skiptoken=4", "", "").body["value"].([]any)[0].(map[string]any)
	changes, err := json.Marshal(first["modifiedProperties"])
	if want := `[{"displayName":"active","newValue":"false","oldValue":"true"}]`; err != nil || string(changes) != want {
		t.Errorf("modifiedProperties %s, want %s", changes, want)
	}
	if got := e.log("jobid eq 'other'"); got != "" {
		t.Errorf("another job's log: %s", got)
	}
	if e.Users() != 2 || e.User("1")["active"] != false || e.User("1")["displayName"] != "Ada" {
		t.Errorf("%d users, the first %v", e.Users(), e.User("1"))
	}
	if r := e.send("GET", e.GraphURL()+"/v1.0/auditLogs/provisioning?$filter=JOBID%20eq%20'x'", "", ""); r.status != 400 {
		t.Errorf("a name in another case: %d", r.status)
	}
}

func TestEntraBulkRefusals(t *testing.T) {
	e := startEntra(t, scimtest.EntraBulkOptions{})
	one := record("1", `"userName":"ada@example.com"`)
	many := make([]string, 51)
	for i := range many {
		many[i] = record(fmt.Sprint(i), `"userName":"u@example.com"`)
	}
	body := func(op string) string { return bulkHead + `"Operations":[` + op + `]}` }
	for _, row := range []struct {
		name, contentType, body string
	}{
		{"no content type", "", body(one)},
		{"plain JSON", "application/json", body(one)},
		{"no JSON", "application/scim+json", "{"},
		{"no schema", "application/scim+json", `{"Operations":[` + one + `]}`},
		{"no operation", "application/scim+json", body("")},
		{"51 operations", "application/scim+json", body(strings.Join(many, ","))},
		{"another method", "application/scim+json", body(strings.Replace(one, "POST", "PATCH", 1))},
		{"another path", "application/scim+json", body(strings.Replace(one, "/Users", "/Groups", 1))},
		{"a bulkId twice", "application/scim+json", body(one + "," + one)},
		{"no externalId", "application/scim+json", body(strings.Replace(one, `"externalId"`, `"other"`, 1))},
	} {
		t.Run(row.name, func(t *testing.T) {
			if r := e.send("POST", e.URL(), row.contentType, row.body); r.status != 400 {
				t.Errorf("answered %d %s", r.status, r.text)
			}
		})
	}
	if e.Users() != 0 || len(e.Uploads()) != 0 {
		t.Errorf("%d users from %d uploads", e.Users(), len(e.Uploads()))
	}
	e.token = "stale"
	if r := e.upload(one); r.status != 401 || !strings.Contains(r.text, "InvalidAuthenticationToken") {
		t.Errorf("a wrong token: %d %s", r.status, r.text)
	}
}

func TestEntraBulkQuota(t *testing.T) {
	e := startEntra(t, scimtest.EntraBulkOptions{CallsPer5s: 2, DailyCalls: 3, OAuth2: scimtest.OAuth2{Lifetime: 100 * time.Hour}})
	expect := func(want int, retryAfter string) {
		t.Helper()
		r := e.upload(record("1", `"userName":"ada@example.com"`))
		if r.status != want || r.header.Get("Retry-After") != retryAfter {
			t.Errorf("answered %d, Retry-After %q, want %d, %q", r.status, r.header.Get("Retry-After"), want, retryAfter)
		}
	}
	expect(202, "")
	expect(202, "")
	expect(429, "6")
	e.now.advance(6 * time.Second)
	expect(202, "")
	e.now.advance(6 * time.Second)
	expect(429, "86389")
	e.now.advance(24 * time.Hour)
	expect(202, "")
}

func TestEntraBulkNulls(t *testing.T) {
	full := record("1", `"userName":"ada@example.com","title":"x","department":"y","name":{"givenName":"A","familyName":"B"}`)
	for _, row := range []struct {
		name, second, want string
		flow               bool
	}{
		{"nulls are ignored by default", `"userName":"ada@example.com","title":null,"department":"","name":{"givenName":null}`,
			`{"active":true,"department":"y","externalId":"1","name":{"familyName":"B","givenName":"A"},"title":"x","userName":"ada@example.com"}`, false},
		{"nulls, empty and absent values clear when the flow is on", `"userName":"ada@example.com","title":null,"name":{"givenName":"A","familyName":""}`,
			`{"active":true,"externalId":"1","name":{"givenName":"A"},"userName":"ada@example.com"}`, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			e := startEntra(t, scimtest.EntraBulkOptions{FlowNull: row.flow})
			e.upload(full)
			e.upload(record("1", row.second))
			got, err := json.Marshal(e.User("1"))
			if err != nil || string(got) != row.want {
				t.Errorf("got %s\nwant %s", got, row.want)
			}
		})
	}
}

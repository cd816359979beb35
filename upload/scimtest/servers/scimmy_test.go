package servers_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"adsync/upload/scimtest/servers"
)

func send(t *testing.T, method, url, token, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/scim+json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

const ada = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada@example.com"}`

func TestScimmy(t *testing.T) {
	url, token, log := servers.Scimmy(t)
	for _, step := range []struct {
		name, method, path, body string
		status                   int
	}{
		{"a user is created", "POST", "/Users", ada, 201},
		{"the same name in another case is refused", "POST", "/Users", strings.Replace(ada, "ada", "ADA", 1), 409},
		{"users are listed", "GET", "/Users?startIndex=1&count=10", "", 200},
		{"the configuration is served", "GET", "/ServiceProviderConfig", "", 200},
	} {
		if status, text := send(t, step.method, url+step.path, token, step.body); status != step.status {
			t.Errorf("%s: status %d, want %d: %s", step.name, status, step.status, text)
		}
	}
	if status, _ := send(t, "GET", url+"/Users", "wrong", ""); status != 401 {
		t.Errorf("a wrong token: status %d, want 401", status)
	}
	want := []string{
		"POST /scim/v2/Users 201", "POST /scim/v2/Users 409", "GET /scim/v2/Users?startIndex=1&count=10 200",
		"GET /scim/v2/ServiceProviderConfig 200", "GET /scim/v2/Users 401",
	}
	if got := log(); !slices.Equal(got, want) {
		t.Errorf("log:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestScimmySwitches(t *testing.T) {
	url, token, _ := servers.Scimmy(t, "SCIMMY_NO_PATCH=1", "SCIMMY_NO_BULK=1", "SCIMMY_NO_ETAGS=1", "SCIMMY_PAGE_CAP=2")
	for _, name := range []string{"a", "b", "c"} {
		if status, text := send(t, "POST", url+"/Users", token, strings.Replace(ada, "ada", name, 1)); status != 201 {
			t.Fatalf("create %s: %d %s", name, status, text)
		}
	}
	if _, text := send(t, "GET", url+"/Users?count=100", token, ""); !strings.Contains(text, `"itemsPerPage":2,"totalResults":3`) {
		t.Errorf("the page is not capped: %s", text)
	}
	if status, _ := send(t, "PATCH", url+"/Users/1", token, "{}"); status != 501 {
		t.Errorf("PATCH: status %d, want 501", status)
	}
	if status, _ := send(t, "POST", url+"/Bulk", token, "{}"); status != 501 {
		t.Errorf("bulk: status %d, want 501", status)
	}
	_, config := send(t, "GET", url+"/ServiceProviderConfig", token, "")
	for _, part := range []string{`"patch":{"supported":false}`, `"bulk":{"supported":false`} {
		if !strings.Contains(config, part) {
			t.Errorf("the configuration lacks %s: %s", part, config)
		}
	}
}

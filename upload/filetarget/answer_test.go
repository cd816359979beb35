package filetarget

import (
	"net/http"
	"strings"
	"testing"
)

// A login is taken as long as some user has it, in any case, and no longer.
func TestALoginIsTakenOnce(t *testing.T) {
	dir := t.TempDir()
	f, err := open(dir)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path, body string, want int) {
		t.Helper()
		r, err := http.NewRequest(method, "http://localhost/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := f.RoundTrip(r)
		if err != nil || answer.StatusCode != want {
			t.Fatalf("%s %s %s: %v, %v, want %d", method, path, body, answer, err, want)
		}
	}
	ask("POST", "Users", `{"externalId":"1","userName":"ada"}`, 201)
	ask("POST", "Users", `{"externalId":"2","userName":"ADA"}`, 409)
	ask("PUT", "Users/1", `{"externalId":"1","userName":"ada.king"}`, 200)
	ask("POST", "Users", `{"externalId":"2","userName":"Ada"}`, 201)
	ask("POST", "Groups", `{"externalId":"3","displayName":"bob","userName":"bob"}`, 201)
	if err := f.save(); err != nil {
		t.Fatal(err)
	}
	if f, err = open(dir); err != nil {
		t.Fatal(err)
	}
	ask("POST", "Users", `{"externalId":"4","userName":"ada"}`, 409)
	ask("DELETE", "Users/2", "", 204)
	ask("POST", "Users", `{"externalId":"4","userName":"ada"}`, 201)
	ask("POST", "Users", `{"externalId":"5","userName":"bob"}`, 201)
}

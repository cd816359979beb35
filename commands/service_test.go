package commands_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"adsync/upload/scimtest"
	scimservers "adsync/upload/scimtest/servers"
)

// service is a SCIM service that a test looks at from the outside.
type service struct {
	url, token string
	requests   func() []string // "METHOD path ..." of all so far
	seen       int
}

func scimmyService(t *testing.T) *service {
	url, token, log := scimservers.Scimmy(t)
	return &service{url: url, token: token, requests: log}
}

func memoryService(t *testing.T) *service { return quirkyService(t, scimtest.Quirks{}) }

func quirkyService(t *testing.T, quirks scimtest.Quirks) *service {
	s, err := scimtest.Start(scimtest.Options{Seed: 1, Quirks: quirks})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return &service{url: s.URL(), token: s.Token(), requests: func() []string {
		var lines []string
		for _, r := range s.Requests() {
			lines = append(lines, fmt.Sprintf("%s %s %d", r.Method, r.Path, r.Status))
		}
		return lines
	}}
}

// writes are the requests other than GET since the last call.
func (s *service) writes() []string {
	all := s.requests()
	fresh := all[s.seen:]
	s.seen = len(all)
	return slices.DeleteFunc(slices.Clone(fresh), func(line string) bool { return strings.HasPrefix(line, "GET ") })
}

// unwritten fails the test if the service was written to since the last look.
func (s *service) unwritten(t *testing.T) {
	t.Helper()
	if w := s.writes(); len(w) > 0 {
		t.Errorf("the service was written to:\n%s", strings.Join(w, "\n"))
	}
}

// member is a reference to another resource.
type member struct {
	Value string `json:"value"`
}

// document is what the tests look at in a user or group.
type document struct {
	ID          string   `json:"id"`
	ExternalID  string   `json:"externalId"`
	UserName    string   `json:"userName"`
	DisplayName string   `json:"displayName"`
	Title       string   `json:"title"`
	Active      bool     `json:"active"`
	Members     []member `json:"members"`
	Enterprise  struct {
		Department string `json:"department"`
		Manager    member `json:"manager"`
	} `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`
}

func (s *service) list(t *testing.T, path string) []document {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path+"?startIndex=1&count=10000", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		TotalResults int
		Resources    []document
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Resources) != answer.TotalResults {
		t.Fatalf("%s: %d of %d in one answer", path, len(answer.Resources), answer.TotalResults)
	}
	return answer.Resources
}

// holds describes what belongs to a source, or everything: a line for each
// user and group, sorted, names without their domain.
func (s *service) holds(t *testing.T, source string) string {
	t.Helper()
	name := map[string]string{}
	users, groups := s.list(t, "/Users"), s.list(t, "/Groups")
	for _, u := range users {
		name[u.ID], _, _ = strings.Cut(u.UserName, "@")
	}
	var lines []string
	for _, u := range users {
		if !strings.HasPrefix(u.ExternalID, source) {
			continue
		}
		state := "inactive"
		if u.Active {
			state = "active"
		}
		line := fmt.Sprintf("user %s, %s, %s", name[u.ID], u.DisplayName, state)
		for _, part := range [][2]string{{"title", u.Title}, {"in", u.Enterprise.Department}, {"under", name[u.Enterprise.Manager.Value]}} {
			if part[1] != "" {
				line += ", " + part[0] + " " + part[1]
			}
		}
		lines = append(lines, line)
	}
	for _, g := range groups {
		if !strings.HasPrefix(g.ExternalID, source) {
			continue
		}
		var members []string
		for _, m := range g.Members {
			members = append(members, name[m.Value])
		}
		slices.Sort(members)
		lines = append(lines, fmt.Sprintf("group %s: %s", g.DisplayName, strings.Join(members, " ")))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}

func writeFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

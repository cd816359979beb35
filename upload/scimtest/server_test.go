package scimtest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
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

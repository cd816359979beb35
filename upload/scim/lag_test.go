package scim

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"testing"

	"adsync/upload"
	"adsync/upload/scimtest"
)

// behind shows what was written only at the third reading.
type behind struct {
	mu    sync.Mutex
	shown map[string][]byte // by URL
	late  map[string]int    // by path
}

func (b *behind) RoundTrip(h *http.Request) (*http.Response, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if h.Method != http.MethodGet {
		if h.Method != http.MethodPost {
			b.late[h.URL.Path] = 2
		}
		return http.DefaultTransport.RoundTrip(h)
	}
	old, known := b.shown[h.URL.String()]
	if b.late[h.URL.Path] > 0 && known {
		b.late[h.URL.Path]--
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(old)), Request: h}, nil
	}
	r, err := http.DefaultTransport.RoundTrip(h)
	if err != nil || r.StatusCode != http.StatusOK {
		return r, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	b.shown[h.URL.String()] = body
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r, nil
}

func TestAServiceThatShowsChangesAMomentLaterIsWaitedFor(t *testing.T) {
	server, err := scimtest.Start(scimtest.Options{Quirks: scimtest.Quirks{Bulk: scimtest.BulkOff}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	target, err := New(Config{URL: server.URL(), Auth: Auth{Bearer: Secret(server.Token())}},
		Env{Sleep: new(clock).sleep, Transport: &behind{shown: map[string][]byte{}, late: map[string]int{}}})
	if err != nil {
		t.Fatal(err)
	}
	read(t, target)
	made := must(t, write(t, target, people(3)...))
	group := crew(t, target)
	// Each is read once, so that there is something old to show.
	for _, r := range made {
		if _, err := target.fetch(t.Context(), upload.User, r.ID, target.shapeOf(upload.User), nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := target.readMembers(t.Context(), group.ID); err != nil {
		t.Fatal(err)
	}
	off := false
	before := find(t, read(t, target).Users, made[0].ID)
	must(t, write(t, target, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: before, Active: &off, Set: []upload.Attribute{{Path: "title"}}}))
	ids := []string{made[0].ID, made[1].ID}
	must(t, write(t, target, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: group, Members: ids}))
	must(t, write(t, target, upload.Write{Op: upload.OpRemoveMembers, Kind: upload.Group, Before: group, Members: ids[:1]}))
	must(t, write(t, target, upload.Write{Op: upload.OpDelete, Kind: upload.User, Before: &upload.Resource{Kind: upload.User, ID: made[2].ID, Active: true}}))
	for _, q := range server.Requests() {
		if q.Method == http.MethodPut {
			t.Errorf("%s %s: PATCH had worked", q.Method, q.Path)
		}
	}
	if n := target.learned.vain.Load(); n != 0 {
		t.Errorf("%d waits in vain", n)
	}
}

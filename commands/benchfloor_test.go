package commands_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"adsync/ldapsrc/ldaptest/servers"
	"adsync/upload/scimtest"
)

// What a run cannot be faster than: the least that has to be sent to the
// service, without a thought about what it answers.

const (
	floorBulk        = 100 // operations
	floorBulkWidth   = 4
	floorSingleWidth = 8
	floorPage        = 1000
)

// write creates the users and the groups with their members, all bodies made
// beforehand. A manager is any id: whose it is only the answers would say.
func (o *benchmark) write(b *testing.B, quirks scimtest.Quirks) figure {
	b.Helper()
	s, err := scimtest.Start(scimtest.Options{Seed: 1, Quirks: quirks})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	bulk := quirks.Bulk == scimtest.BulkOn
	var users, groups []operation
	for i := range o.users {
		users = append(users, operation{"POST", "/Users", floorUser(i)})
	}
	took := send(b, s, bulk, users)
	ids := make([]string, o.users)
	for _, u := range s.Users() {
		var i int
		if _, err := fmt.Sscanf(u["userName"].(string), "user%d", &i); err != nil {
			b.Fatal(err)
		}
		ids[i] = u["id"].(string)
	}
	for n, members := range servers.CompanyMembers(o.users, o.groups) {
		groups = append(groups, operation{"POST", "/Groups", floorGroup(n, members, ids)})
	}
	took += send(b, s, bulk, groups)
	return figure{wall: took}
}

// operation is one request, or one operation of a bulk request.
type operation struct {
	method, path string
	body         []byte
}

// send sends operations over a few connections and returns how long it took.
func send(b *testing.B, s *scimtest.Server, bulk bool, operations []operation) time.Duration {
	b.Helper()
	width := floorSingleWidth
	if bulk {
		operations, width = inBulk(operations), floorBulkWidth
	}
	from := time.Now()
	next := make(chan operation)
	var wait sync.WaitGroup
	for range width {
		wait.Go(func() {
			for o := range next {
				if err := exchange(s, o.method, o.path, o.body); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for _, o := range operations {
		next <- o
	}
	close(next)
	wait.Wait()
	return time.Since(from)
}

func floorGroup(n int, members []int, ids []string) []byte {
	body := fmt.Appendf(nil, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"group%03d","externalId":"corp:group%d","members":[`, n, n)
	for i, m := range members {
		if i > 0 {
			body = append(body, ',')
		}
		body = fmt.Appendf(body, `{"value":%q}`, ids[m])
	}
	return append(body, "]}"...)
}

func floorUser(i int) []byte {
	return fmt.Appendf(nil, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],`+
		`"userName":"user%05[1]d","externalId":"corp:%08[1]x-0000-4000-8000-000000000000","active":true,"displayName":"Ada Allen",`+
		`"name":{"givenName":"Ada","familyName":"Allen"},"emails":[{"type":"work","value":"user%05[1]d@example.com"}],`+
		`"phoneNumbers":[{"type":"work","value":"+1 555 %07[1]d"},{"type":"mobile","value":"+1 556 %07[1]d"}],"title":"Engineer","preferredLanguage":"en",`+
		`"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"%[2]d","employeeNumber":"%[1]d",`+
		`"manager":{"value":"%08[1]x-0000-4000-8000-000000000000"}}}`, i, 100+i%40)
}

// inBulk packs operations into bulk requests of a hundred, or half a
// megabyte. An operation that is larger by itself stays a request.
func inBulk(operations []operation) []operation {
	const most = 512 << 10
	var out []operation
	var b bytes.Buffer
	packed := 0
	flush := func() {
		if packed > 0 {
			b.WriteString(`]}`)
			out = append(out, operation{"POST", "/Bulk", bytes.Clone(b.Bytes())})
		}
		b.Reset()
		packed = 0
	}
	for i, o := range operations {
		if len(o.body) > most {
			out = append(out, o)
			continue
		}
		if packed == floorBulk || b.Len()+len(o.body) > most {
			flush()
		}
		if packed == 0 {
			b.WriteString(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[`)
		} else {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"method":%q,"path":%q,"bulkId":"%d","data":%s}`, o.method, o.path, i, o.body)
		packed++
	}
	flush()
	return out
}

// list reads every user and group, page after page, users and groups at once.
func (o *benchmark) list(b *testing.B, s *scimtest.Server) figure {
	b.Helper()
	from := time.Now()
	var wait sync.WaitGroup
	for path, total := range map[string]int{"/Users": o.users, "/Groups": o.groups} {
		wait.Go(func() {
			for start := 1; start <= total; start += floorPage {
				if err := exchange(s, http.MethodGet, fmt.Sprintf("%s?startIndex=%d&count=%d", path, start, floorPage), nil); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wait.Wait()
	return figure{wall: time.Since(from)}
}

func exchange(s *scimtest.Server, method, path string, body []byte) error {
	request, err := http.NewRequest(method, s.URL()+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+s.Token())
	request.Header.Set("Content-Type", "application/scim+json")
	response, err := floorClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s", method, path, response.Status)
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

var floorClient = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: floorSingleWidth}}

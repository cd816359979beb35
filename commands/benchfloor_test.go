package commands_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"adsync/ldapsrc/ldaptest/servers"
	"adsync/upload/scimtest"

	"golang.org/x/sync/errgroup"
)

// What a run cannot be faster than: the least that has to be sent to the
// service, without a thought about what it answers. The service and who sends
// are processes of their own, as they are for the program: within one process
// a request and its answer cost half as much.

const (
	floorBulk        = 100 // operations
	floorBulkWidth   = 4
	floorSingleWidth = 8
	floorPage        = 1000
)

// asFloor names the environment variable that makes the test binary one of
// the processes that benchmarks compare with: "service", "writing" or
// "listing". What they need to know follows as JSON.
const asFloor = "ADSYNC_TEST_AS_FLOOR"

// floorTask is what such a process is told.
type floorTask struct {
	Bulk          bool
	Users, Groups int
	URL, Token    string // of the service; not for "service"
}

// playFloor is the main function of such a process. A service prints its
// address and token and lasts until its standard input ends; the others print
// how long they took, in nanoseconds.
func playFloor(role, task string) error {
	var t floorTask
	if err := json.Unmarshal([]byte(task), &t); err != nil {
		return err
	}
	switch role {
	case "service":
		return t.serve()
	case "writing":
		return printed(t.write())
	default:
		return printed(t.list())
	}
}

func printed(took time.Duration, err error) error {
	fmt.Println(took.Nanoseconds())
	return err
}

func (t floorTask) serve() error {
	quirks := scimtest.Quirks{}
	if !t.Bulk {
		quirks.Bulk = scimtest.BulkOff
	}
	s, err := scimtest.Start(scimtest.Options{Seed: 1, Quirks: quirks})
	if err != nil {
		return err
	}
	fmt.Println(s.URL(), s.Token())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// floorProcess starts the test binary in a role.
func floorProcess(b *testing.B, role string, t floorTask) *exec.Cmd {
	b.Helper()
	task, err := json.Marshal(t)
	if err != nil {
		b.Fatal(err)
	}
	c := exec.Command(os.Args[0], string(task))
	c.Env = append(os.Environ(), asFloor+"="+role)
	c.Stderr = os.Stderr
	return c
}

// serve starts a service. Its second result ends it.
func (o *benchmark) serve(b *testing.B, bulk bool) (floorTask, func()) {
	b.Helper()
	t := floorTask{Bulk: bulk, Users: o.users, Groups: o.groups}
	c := floorProcess(b, "service", t)
	stdin, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	if _, err := fmt.Fscanln(stdout, &t.URL, &t.Token); err != nil {
		b.Fatalf("the service does not say where it is: %v", err)
	}
	return t, func() {
		stdin.Close()
		if err := c.Wait(); err != nil {
			b.Errorf("the service: %v", err)
		}
	}
}

// floor plays a role to its end and returns how long its requests took.
func floor(b *testing.B, role string, t floorTask) figure {
	b.Helper()
	out, err := floorProcess(b, role, t).Output()
	if err != nil {
		b.Fatalf("%s: %v", role, err)
	}
	took, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil {
		b.Fatalf("%s: %v", role, err)
	}
	return figure{wall: time.Duration(took)}
}

// write creates the users and the groups with their members, all bodies made
// beforehand. A manager is any id: whose it is only the answers would say.
func (t floorTask) write() (time.Duration, error) {
	var users, groups []operation
	for i := range t.Users {
		users = append(users, operation{"POST", "/Users", floorUser(i)})
	}
	forUsers, err := t.send(users)
	if err != nil {
		return 0, err
	}
	ids, err := t.ids()
	if err != nil {
		return 0, err
	}
	for n, members := range servers.CompanyMembers(t.Users, t.Groups) {
		groups = append(groups, operation{"POST", "/Groups", floorGroup(n, members, ids)})
	}
	forGroups, err := t.send(groups)
	return forUsers + forGroups, err
}

// ids are those that the service gave the users, in the order of floorUser.
func (t floorTask) ids() ([]string, error) {
	ids := make([]string, t.Users)
	for start := 1; start <= t.Users; start += floorPage {
		var page struct {
			Resources []struct{ ID, UserName string }
		}
		err := t.exchange(http.MethodGet, fmt.Sprintf("/Users?attributes=userName&startIndex=%d&count=%d", start, floorPage), nil,
			func(body io.Reader) error { return json.NewDecoder(body).Decode(&page) })
		if err != nil {
			return nil, err
		}
		for _, u := range page.Resources {
			var i int
			if _, err := fmt.Sscanf(u.UserName, "user%d", &i); err != nil {
				return nil, err
			}
			ids[i] = u.ID
		}
	}
	return ids, nil
}

// operation is one request, or one operation of a bulk request.
type operation struct {
	method, path string
	body         []byte
}

// send sends operations over a few connections and returns how long it took.
func (t floorTask) send(operations []operation) (time.Duration, error) {
	width := floorSingleWidth
	if t.Bulk {
		operations, width = inBulk(operations), floorBulkWidth
	}
	from := time.Now()
	next := make(chan operation, len(operations))
	for _, o := range operations {
		next <- o
	}
	close(next)
	var all errgroup.Group
	for range width {
		all.Go(func() error {
			for o := range next {
				if err := t.exchange(o.method, o.path, o.body, unread); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := all.Wait()
	return time.Since(from), err
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
func (t floorTask) list() (time.Duration, error) {
	from := time.Now()
	var all errgroup.Group
	for path, total := range map[string]int{"/Users": t.Users, "/Groups": t.Groups} {
		all.Go(func() error {
			for start := 1; start <= total; start += floorPage {
				if err := t.exchange(http.MethodGet, fmt.Sprintf("%s?startIndex=%d&count=%d", path, start, floorPage), nil, unread); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := all.Wait()
	return time.Since(from), err
}

// unread takes an answer without looking at it.
func unread(body io.Reader) error {
	_, err := io.Copy(io.Discard, body)
	return err
}

func (t floorTask) exchange(method, path string, body []byte, take func(io.Reader) error) error {
	request, err := http.NewRequest(method, t.URL+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+t.Token)
	request.Header.Set("Content-Type", "application/scim+json")
	response, err := floorClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s", method, path, response.Status)
	}
	return take(response.Body)
}

var floorClient = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: floorSingleWidth}}

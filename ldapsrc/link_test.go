package ldapsrc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/directory"
	"adsync/ldapsrc/ldaptest"
	"adsync/ldapsrc/ldaptest/servers"
)

const (
	testSuffix   = "dc=example,dc=com"
	testReader   = "cn=reader,ou=people,dc=example,dc=com"
	testPassword = "reader-secret"
)

// serveUsers serves n users u00000... below ou=people.
func serveUsers(t testing.TB, flavor ldaptest.Flavor, n int, options ldaptest.Options) *ldaptest.Server {
	t.Helper()
	dir := ldaptest.NewDirectory(flavor, testSuffix)
	var b strings.Builder
	fmt.Fprintf(&b, "dn: ou=people,%s\nobjectClass: organizationalUnit\nou: people\n\n", testSuffix)
	login := ""
	if flavor == ldaptest.ActiveDirectory {
		login = "sAMAccountName: reader\n"
	}
	fmt.Fprintf(&b, "dn: %s\nobjectClass: inetOrgPerson\ncn: reader\nsn: reader\n%s\n", testReader, login)
	for i := range n {
		fmt.Fprintf(&b, "dn: cn=u%05d,ou=people,%s\nobjectClass: inetOrgPerson\nuid: u%05d\ncn: u%05d\nsn: %d\nmail: u%05d@example.com\n\n", i, testSuffix, i, i, i, i)
	}
	if err := dir.LoadLDIF(strings.NewReader(b.String())); err != nil {
		t.Fatal(err)
	}
	if err := dir.SetPassword(testReader, testPassword); err != nil {
		t.Fatal(err)
	}
	s, err := ldaptest.Start(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func testConfig(url string) *Config {
	return &Config{ID: "corp", Type: LDAP, URLs: []string{url}, Timeout: 5 * time.Second, Bind: Bind{Username: testReader, Password: testPassword}}
}

// connect dials the first server of the configuration.
func connect(t testing.TB, cfg *Config) *link {
	t.Helper()
	l, err := tryConnect(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	return l
}

func tryConnect(ctx context.Context, cfg *Config) (*link, error) {
	addrs, err := locateServers(ctx, cfg, nil)
	if err != nil {
		return nil, err
	}
	return dial(ctx, cfg, nil, addrs[0])
}

var usersRequest = request{base: "ou=people," + testSuffix, scope: ldap.ScopeWholeSubtree, filter: "(cn=u*)", names: directory.NewNames("cn", "mail")}

func count(*entry) error { return nil }

func TestSearchReadsToTheEnd(t *testing.T) {
	tests := map[string]struct {
		flavor  ldaptest.Flavor
		options ldaptest.Options
		change  func(*request)
		pages   int
	}{
		"pages of 1,000":                        {ldaptest.OpenLDAP, ldaptest.Options{}, func(*request) {}, 3},
		"a full last page":                      {ldaptest.OpenLDAP, ldaptest.Options{}, func(r *request) { r.pageSize = 500 }, 5},
		"one page":                              {ldaptest.OpenLDAP, ldaptest.Options{}, func(r *request) { r.pageSize = 5000 }, 1},
		"a server that sends fewer than asked":  {ldaptest.ActiveDirectory, ldaptest.Options{MaxPageSize: 300}, func(*request) {}, 9},
		"a server that refuses so large a page": {ldaptest.OpenLDAP, ldaptest.Options{MaxPageSize: 400}, func(*request) {}, 25},
		"without paging":                        {ldaptest.OpenLDAP, ldaptest.Options{}, func(r *request) { r.single = true }, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := connect(t, testConfig(serveUsers(t, test.flavor, 2500, test.options).URL()))
			req := usersRequest
			test.change(&req)
			seen := map[string]bool{}
			got, err := l.search(t.Context(), req, func(e *entry) error {
				if string(e.first(0))+"@example.com" != string(e.first(1)) || !strings.Contains(string(e.dn), string(e.first(0))) {
					t.Errorf("%s has cn %s and mail %s", e.dn, e.first(0), e.first(1))
				}
				seen[string(e.first(0))] = true
				return nil
			})
			if want := (stats{entries: 2500, pages: test.pages}); err != nil || !reflect.DeepEqual(got, want) || len(seen) != 2500 {
				t.Errorf("got %+v, %d different, %v; want %+v", got, len(seen), err, want)
			}
		})
	}
}

func TestSearchOfAServerWithoutPaging(t *testing.T) {
	s := serveUsers(t, ldaptest.OpenLDAP, 1200, ldaptest.Options{})
	l := connect(t, testConfig(s.URL()))
	l.unpaged = true
	if got, err := l.search(t.Context(), usersRequest, count); err != nil || !reflect.DeepEqual(got, stats{entries: 1200, pages: 1}) {
		t.Errorf("got %+v, %v", got, err)
	}
	s.Inject(ldaptest.Fault{After: 500, Do: ldaptest.Refuse(4, "")})
	if _, err := l.search(t.Context(), usersRequest, count); !ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestTheFirstServerThatAnswersIsUsed(t *testing.T) {
	s := serveUsers(t, ldaptest.OpenLDAP, 1, ldaptest.Options{})
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := "ldap://" + free.Addr().String()
	free.Close()
	first := func(cfg *Config, log *strings.Builder) (*link, error) {
		addrs, err := locateServers(t.Context(), cfg, nil)
		if err != nil {
			t.Fatal(err)
		}
		return dialFirst(t.Context(), cfg, &Env{Log: slog.New(slog.NewTextHandler(log, nil))}, addrs)
	}
	var log strings.Builder
	cfg := testConfig(s.LDAPSURL())
	cfg.URLs = []string{dead, s.LDAPSURL()}
	cfg.TLS.InsecureSkipVerify = true
	l, err := first(cfg, &log)
	if err != nil {
		t.Fatal(err)
	}
	l.close()
	if l.server.String() != s.LDAPSURL() || strings.Count(log.String(), "anyone can pose as the server") != 1 {
		t.Errorf("used %s, said %s", l.server, log.String())
	}

	cfg.URLs, cfg.Bind.Password = []string{s.URL(), s.LDAPSURL()}, "wrong"
	s.ForgetRequests()
	var refused *BindError
	if _, err := first(cfg, &log); !errors.As(err, &refused) || len(s.Requests(ldaptest.OpBind)) != 1 {
		t.Errorf("got %v after %d binds", err, len(s.Requests(ldaptest.OpBind)))
	}

	cfg.URLs = []string{dead, dead}
	if _, err := first(cfg, &log); err == nil || strings.Count(err.Error(), "connection refused") != 2 {
		t.Errorf("got %v", err)
	}
}

func TestClosedConnectionsLeaveNothingBehind(t *testing.T) {
	s := serveUsers(t, ldaptest.OpenLDAP, 1, ldaptest.Options{})
	for _, fault := range []ldaptest.Fault{{Times: 1, On: ldaptest.OpWrite, Do: ldaptest.Close()}, {Do: ldaptest.Close()}, {On: ldaptest.OpBind, Do: ldaptest.Reset()}, {On: ldaptest.OpBind, Do: ldaptest.Refuse(49, "")}} {
		s.ClearFaults()
		s.Inject(fault)
		for range 5 {
			if l, err := tryConnect(t.Context(), testConfig(s.URL())); err == nil {
				l.close()
				l.close()
			}
		}
	}
	for s.Connections() > 0 { // the server has seen the last one go
		runtime.Gosched()
	}
	stacks := make([]byte, 1<<20)
	for deadline := time.Now().Add(5 * time.Second); ; runtime.Gosched() {
		text := string(stacks[:runtime.Stack(stacks, true)])
		if !strings.Contains(text, "ldap.(*Conn).reader") && !strings.Contains(text, "ldap.(*Conn).processMessages") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("go-ldap's goroutines are left:\n%s", text)
		}
	}
}

// Every fault that can cut a list short must be an error; most of these end
// well in a client that is less careful.
func TestSearchThatIsCutShortFails(t *testing.T) {
	page := func(do ldaptest.Effect) ldaptest.Fault { return ldaptest.Fault{Page: 2, Do: do} }
	after := func(n int, do ldaptest.Effect) ldaptest.Fault { return ldaptest.Fault{Page: 2, After: n, Do: do} }
	tests := map[string]struct {
		fault ldaptest.Fault
		want  string
	}{
		"the connection is closed between messages": {after(500, ldaptest.Close()), "EOF"},
		"the connection is closed before the end":   {after(ldaptest.AtDone, ldaptest.Close()), "EOF"},
		"the connection is closed inside a message": {ldaptest.Fault{Page: 2, Bytes: 10001, Do: ldaptest.Close()}, "unexpected EOF"},
		"the connection is reset":                   {after(500, ldaptest.Reset()), "reset"},
		"the server falls silent":                   {after(500, ldaptest.Hang()), "no answer for 300ms"},
		"the server falls silent before the result": {after(ldaptest.AtDone, ldaptest.Hang()), "no answer for 300ms"},
		"garbage":                                      {after(500, ldaptest.Malformed()), ""},
		"an entry under an id that nobody used":        {after(500, ldaptest.UnknownMessageID()), "which nobody asked for"},
		"a notice of disconnection":                    {after(500, ldaptest.Disconnect(ldap.LDAPResultUnavailable)), "the server ends the connection: result 52 (Unavailable)"},
		"the paging control is missing in mid-list":    {page(ldaptest.OmitPaging()), "the list may be cut short"},
		"the paging control is missing at the end":     {ldaptest.Fault{Page: 3, Do: ldaptest.OmitPaging()}, "the list may be cut short"},
		"the size limit is exceeded":                   {after(500, ldaptest.Refuse(4, "size limit")), `LDAP Result Code 4 "Size Limit Exceeded": size limit`},
		"the size limit is exceeded after all entries": {ldaptest.Fault{Page: 3, After: ldaptest.AtDone, Do: ldaptest.Refuse(4, "size limit")}, `LDAP Result Code 4 "Size Limit Exceeded": size limit`},
		"the time limit is exceeded":                   {after(500, ldaptest.Refuse(3, "")), `LDAP Result Code 3 "Time Limit Exceeded"`},
		"an administrative limit in mid-list":          {after(500, ldaptest.Refuse(11, "")), `LDAP Result Code 11 "Admin Limit Exceeded"`},
		"the server is busy":                           {page(ldaptest.Refuse(51, "")), `LDAP Result Code 51 "Busy"`},
		"the server is unavailable":                    {page(ldaptest.Refuse(52, "")), `LDAP Result Code 52 "Unavailable"`},
		"the server refuses the cookie":                {page(ldaptest.Refuse(53, "old cookie")), `LDAP Result Code 53 "Unwilling To Perform": old cookie`},
		"a referral instead of a result":               {page(ldaptest.Refuse(10, "")), `LDAP Result Code 10 "Referral"`},
		"an operations error":                          {page(ldaptest.Refuse(1, "lost")), `LDAP Result Code 1 "Operations Error": lost`},
		"the base is not there":                        {ldaptest.Fault{Page: 1, Do: ldaptest.Refuse(32, "")}, `LDAP Result Code 32 "No Such Object"`},
	}
	s := serveUsers(t, ldaptest.OpenLDAP, 2500, ldaptest.Options{})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s.ClearFaults()
			cfg := testConfig(s.URL())
			cfg.Timeout = 300 * time.Millisecond
			l := connect(t, cfg)
			s.Inject(test.fault)
			_, err := l.search(t.Context(), usersRequest, count)
			var failed *SearchError
			if !errors.As(err, &failed) || !strings.Contains(err.Error(), test.want) || strings.HasSuffix(err.Error(), ": ") {
				t.Fatalf("got %v, want ...%s", err, test.want)
			}
			s.ClearFaults()
			var refused *ldap.Error
			got, err := l.search(t.Context(), usersRequest, count)
			if errors.As(failed, &refused) {
				if err != nil || got.entries != 2500 {
					t.Errorf("after a refusal the link gave %d entries, %v", got.entries, err)
				}
			} else if err == nil {
				t.Error("a broken link was used again")
			}
		})
	}
}

func TestWhatEndsASearchHasAdvice(t *testing.T) {
	refused := func(code uint16) error { return &ldap.Error{ResultCode: code, Err: errors.New("")} }
	success := []byte{tagEnumerated, 1, 0, tagOctetString, 0, tagOctetString, 0}
	_, dropped := (&running{size: pageSize}).pageEnd(message{body: success})
	tests := map[string]struct {
		err  SearchError
		want string
	}{
		"a limit of the server":                 {SearchError{Base: "dc=x", Err: refused(4)}, "nsslapd-sizelimit"},
		"a place that was lost":                 {SearchError{Base: "dc=x", Entries: 500, Err: refused(53)}, "lost the place"},
		"an account that may do nothing":        {SearchError{Base: "dc=x", Err: refused(53)}, "password was reset or has expired"},
		"a rootDSE that is hidden":              {SearchError{Err: refused(32)}, "rootDSE"},
		"a code that says little":               {SearchError{Base: "dc=x", Err: refused(80)}, "server's log"},
		"what an entry lacks":                   {SearchError{Base: "dc=x", Err: fmt.Errorf("user: %w", &ReadError{Advice: "attributes.anchor"})}, "attributes.anchor"},
		"a control that a proxy dropped":        {SearchError{Base: "dc=x", Err: dropped}, "back-ldap"},
		"a connection that was lost on the way": {SearchError{Base: "dc=x", Err: io.ErrUnexpectedEOF}, "run again"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if hint := test.err.Hint(); !strings.Contains(hint, test.want) {
				t.Errorf("got %q, want ...%s", hint, test.want)
			}
		})
	}
}

func TestSearchOfAMessageBeyondTheLimitFails(t *testing.T) {
	// A message that claims 2 GiB, and then silence.
	addr := answerSearches(t, []byte{tagSequence, 0x84, 0x7f, 0xff, 0xff, 0xff, 0x02, 0x01})
	cfg := &Config{ID: "corp", Type: LDAP, URLs: []string{"ldap://" + addr}, Bind: Bind{Method: Anonymous}, Timeout: time.Minute}
	_, err := tryConnect(t.Context(), cfg)
	if err == nil || !strings.Contains(err.Error(), "out of range") {
		t.Errorf("got %v", err)
	}
}

// answerSearches accepts binds and answers the first search with these bytes.
func answerSearches(t *testing.T, answer []byte) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		t.Cleanup(func() { conn.Close() })
		s := stream{conn: conn, limit: maxMessage}
		if b, err := s.message(); err == nil {
			m, _ := parseMessage(b)
			conn.Write([]byte{tagSequence, 12, tagInteger, 1, byte(m.id), 0x61, 7, tagEnumerated, 1, 0, tagOctetString, 0, tagOctetString, 0})
		}
		if _, err := s.message(); err == nil {
			conn.Write(answer)
		}
		s.message() // until the client leaves
	}()
	return listener.Addr().String()
}

func TestSearchEndsWithItsContext(t *testing.T) {
	s := serveUsers(t, ldaptest.OpenLDAP, 1200, ldaptest.Options{})
	l := connect(t, testConfig(s.URL()))
	hang := s.Inject(ldaptest.Fault{Page: 2, After: 10, Do: ldaptest.Hang()})
	defer hang.Remove()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := l.search(ctx, usersRequest, func(e *entry) error {
		if string(e.first(0)) == "u00999" {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestSearchEndsWithTheErrorOfItsConsumer(t *testing.T) {
	l := connect(t, testConfig(serveUsers(t, ldaptest.OpenLDAP, 1200, ldaptest.Options{}).URL()))
	enough := ldap.NewError(ldap.LDAPResultAdminLimitExceeded, errors.New("enough")) // of another link, say
	if _, err := l.search(t.Context(), usersRequest, func(*entry) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("got %v", err)
	}
	if _, err := l.search(t.Context(), usersRequest, count); err == nil {
		t.Error("the link was used in the middle of an answer")
	}
}

func TestSearchSurvivesASlowConsumer(t *testing.T) {
	s := serveUsers(t, ldaptest.OpenLDAP, 1200, ldaptest.Options{})
	cfg := testConfig(s.URL())
	cfg.Timeout = 400 * time.Millisecond
	l := connect(t, cfg)
	got, err := l.search(t.Context(), usersRequest, func(e *entry) error {
		if string(e.first(0)) == "u00990" {
			<-time.After(3 * cfg.Timeout)
		}
		return nil
	})
	if err != nil || got.entries != 1200 {
		t.Errorf("got %d entries, %v", got.entries, err)
	}
}

func TestAConnectionMayRestLongerThanItsTimeout(t *testing.T) {
	s := serveUsers(t, ldaptest.OpenLDAP, 10, ldaptest.Options{})
	cfg := testConfig(s.URL())
	cfg.Timeout = 400 * time.Millisecond
	l := connect(t, cfg)
	<-time.After(3 * cfg.Timeout)
	if got, err := l.search(t.Context(), usersRequest, count); err != nil || got.entries != 10 {
		t.Errorf("got %d entries, %v", got.entries, err)
	}
}

func TestSearchOnSlapd(t *testing.T) {
	s := servers.StartSlapd(t, servers.SlapdOptions{LDIF: slapdPeople(2500)})
	cfg := func(user, password string) *Config {
		return &Config{ID: "corp", Type: LDAP, URLs: []string{s.URL()}, Timeout: time.Second, Bind: Bind{Username: user, Password: Secret(password)}}
	}
	req := request{base: servers.SlapdPeople, scope: ldap.ScopeWholeSubtree, filter: "(uid=*)", names: directory.NewNames("uid", "mail", "entryUUID")}
	reader := func() *link { return connect(t, cfg(servers.SlapdReaderDN, servers.SlapdReaderPassword)) }

	t.Run("reads every page", func(t *testing.T) {
		if got, err := reader().search(t.Context(), req, count); err != nil || !reflect.DeepEqual(got, stats{entries: 2500, pages: 3}) {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("takes smaller pages when large ones are refused", func(t *testing.T) {
		req := req
		req.pageSize = servers.SlapdReaderPage + 1
		if got, err := reader().search(t.Context(), req, count); err != nil || !reflect.DeepEqual(got, stats{entries: 2500, pages: 5}) {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("fails at a size limit", func(t *testing.T) {
		l := connect(t, cfg(servers.SlapdCappedDN, servers.SlapdCappedPassword))
		if _, err := l.search(t.Context(), req, count); !ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("fails when the base is missing", func(t *testing.T) {
		req := req
		req.base = "ou=nowhere," + servers.SlapdBase
		if _, err := reader().search(t.Context(), req, count); !ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("fails when the server hangs", func(t *testing.T) {
		l := reader()
		_, err := l.search(t.Context(), req, once(s.Stop))
		s.Continue()
		if err == nil || !strings.Contains(err.Error(), "no answer for 1s") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("fails when the server is killed", func(t *testing.T) {
		l := reader()
		_, err := l.search(t.Context(), req, once(s.Kill))
		s.Restart()
		if err == nil {
			t.Error("no error")
		}
	})
}

// once runs f at the first entry.
func once(f func()) func(*entry) error {
	done := false
	return func(*entry) error {
		if !done {
			done = true
			f()
		}
		return nil
	}
}

func TestSearchThroughACutConnection(t *testing.T) {
	s := servers.StartSlapd(t, servers.SlapdOptions{LDIF: slapdPeople(1500)})
	cutter := servers.StartCutter(t, strings.TrimPrefix(s.URL(), "ldap://"))
	cfg := &Config{ID: "corp", Type: LDAP, URLs: []string{"ldap://" + cutter.Addr()}, Timeout: 300 * time.Millisecond,
		Bind: Bind{Username: servers.SlapdReaderDN, Password: servers.SlapdReaderPassword}}
	req := request{base: servers.SlapdPeople, scope: ldap.ScopeWholeSubtree, filter: "(uid=*)", names: directory.NewNames("uid")}
	for _, then := range []servers.Ending{servers.Close, servers.Reset, servers.Silence} {
		for _, after := range []int64{0, 1, 20, 3000, 30001, 60000, 80003} {
			cutter.Set(servers.Fault{After: after, Then: then})
			l, err := tryConnect(t.Context(), cfg)
			if err != nil {
				continue
			}
			got, err := l.search(t.Context(), req, count)
			if err == nil && got.entries != 1500 {
				t.Errorf("cut after %d bytes (%d): %d entries and no error", after, then, got.entries)
			}
			l.close()
		}
	}
}

func slapdPeople(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "dn: uid=u%05d,ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: u%05d\ncn: User %d\nsn: %d\nmail: u%05d@example.com\n\n", i, i, i, i, i)
	}
	return b.String()
}

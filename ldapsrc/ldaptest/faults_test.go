package ldaptest

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// TestFaults reads 2,500 users in pages of 1,000 while something goes wrong,
// and shows what a client that takes everything at its word makes of it.
func TestFaults(t *testing.T) {
	const silent = "silent"
	srv := serveCompany(t, Options{})
	fill(t, srv.dir, 2500)
	for _, test := range []struct {
		name  string
		fault Fault
		want  string // entries and error, the error's start
	}{
		{"closed in mid page", Fault{Page: 2, After: 250, Do: Close()}, "1250 unable to read LDAP response packet: EOF"},
		{"closed before the result", Fault{Page: 2, After: AtDone, Do: Close()}, "2000 unable to read LDAP response packet: EOF"},
		{"closed inside a message", Fault{Bytes: 1000, Do: Close()}, "unable to read LDAP response packet: unexpected EOF"},
		{"reset", Fault{Page: 1, After: 10, Do: Reset()}, "connection reset by peer"},
		{silent, Fault{Page: 2, After: 5, Do: Hang()}, "1005 LDAP Result Code 200 \"Network Error\": ldap: connection timed out"},
		{"a result code in mid page", Fault{Page: 3, After: 100, Do: Refuse(ldap.LDAPResultBusy, "come back later")}, "2100 LDAP Result Code 51 \"Busy\": come back later"},
		{"an admin limit at the end", Fault{Page: 3, After: AtDone, Do: Refuse(ldap.LDAPResultAdminLimitExceeded, "")}, "2500 LDAP Result Code 11 \"Admin Limit Exceeded\":"},
		{"notice of disconnection", Fault{Page: 1, After: 7, Do: Disconnect(ldap.LDAPResultUnavailable)}, "7 unable to read LDAP response packet: EOF"},
		{"no paging control", Fault{Page: 2, Do: OmitPaging()}, "2000 <nil>"},
		{"an empty cookie too early", Fault{Page: 1, Do: EmptyCookie()}, "1000 <nil>"},
		{"an entry twice", Fault{Page: 1, After: 3, Do: RepeatEntry()}, "2501 <nil>"},
		{"an entry left out", Fault{Page: 1, After: 3, Do: SkipEntry()}, "2499 <nil>"},
		{"an entry under another id", Fault{Page: 1, After: 3, Do: UnknownMessageID()}, "2499 <nil>"},
		{"garbage", Fault{Page: 1, After: 3, Do: Malformed()}, "unable to read LDAP response packet:"},
		{"an OU hidden", Fault{Do: HideSubtree("ou=people," + suffix)}, "0 <nil>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			struck := srv.Inject(test.fault)
			defer struck.Remove()
			c := bound(t, srv)
			c.SetTimeout(10 * time.Second)
			if test.name == silent {
				c.SetTimeout(300 * time.Millisecond)
			}
			result, err := c.SearchWithPaging(subtree("(cn=u0*)", "cn"), 1000)
			got := fmt.Sprintf("%d %v", len(result.Entries), err)
			if !strings.Contains(got, test.want) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if struck.Struck() == 0 {
				t.Error("the fault did not strike")
			}
		})
	}
}

func TestDelay(t *testing.T) {
	srv := serveCompany(t, Options{})
	c := bound(t, srv)
	slow := srv.Inject(Fault{After: 1, Do: Delay(10 * time.Millisecond)})
	start := time.Now()
	if _, err := c.Search(subtree("(cn=E*)", "cn")); err != nil {
		t.Fatal(err)
	}
	// The second entry waits, the first and the result do not.
	if took := time.Since(start); took < 10*time.Millisecond || slow.Struck() != 1 {
		t.Errorf("took %v, struck %d times", took, slow.Struck())
	}
}

func TestAbandon(t *testing.T) {
	srv := serveCompany(t, Options{})
	srv.Inject(Fault{Where: func(r Request) bool { return r.Attributes[0] == "sn" }, Do: Hang()})
	conn, err := net.Dial("tcp", srv.plain.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	abandon := appendMessage(nil, 8, appendInteger(nil, 0x50, 7), nil)
	// An unbind waits for what is under way: it ends the connection only if the
	// abandon ended the search.
	unbind := appendMessage(nil, 9, []byte{0x42, 0}, nil)
	for _, message := range [][]byte{rawBind(reader, password), rawSearch(7, "", []string{"sn"}), abandon, unbind} {
		if _, err := conn.Write(message); err != nil {
			t.Fatal(err)
		}
	}
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.ReadAll(conn); err != nil {
		t.Error(err)
	}
	if len(srv.Requests(OpAbandon)) != 1 || srv.Requests(OpSearch)[0].Done {
		t.Errorf("the log has %+v", srv.Requests())
	}
}

func TestFaultConditions(t *testing.T) {
	srv := serveCompany(t, Options{})
	c := bound(t, srv)
	search := func(filter string) uint16 {
		_, err := c.Search(subtree(filter, "cn"))
		if err == nil {
			return 0
		}
		return resultCode(err)
	}
	fault := srv.Inject(Fault{Where: func(r Request) bool { return r.Filter == "(cn=Ada*)" }, Nth: 2, Times: 1, Do: Refuse(52, "")})
	var got []uint16
	for _, filter := range []string{"(cn=Ada*)", "(cn=Charles*)", "(cn=Ada*)", "(cn=Ada*)"} {
		got = append(got, search(filter))
	}
	if fmt.Sprint(got) != "[0 0 52 0]" || fault.Struck() != 1 {
		t.Errorf("got %v, struck %d times", got, fault.Struck())
	}
	srv.Inject(Fault{Do: Refuse(53, "")})
	srv.ClearFaults()
	if code := search("(cn=Ada*)"); code != 0 {
		t.Errorf("after ClearFaults: %d", code)
	}
}

func TestFaultsOnBindAndStartTLS(t *testing.T) {
	srv := serveCompany(t, Options{})
	t.Run("a bind refused with a reason", func(t *testing.T) {
		defer srv.Inject(Fault{On: OpBind, Do: RefuseBind("773")}).Remove()
		err := dial(t, srv.URL()).Bind(reader, password)
		if !ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials) || !strings.Contains(err.Error(), "data 773") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a bind without an answer", func(t *testing.T) {
		defer srv.Inject(Fault{On: OpBind, Do: Hang()}).Remove()
		c := dial(t, srv.URL())
		c.SetTimeout(100 * time.Millisecond)
		if err := c.Bind(reader, password); !ldap.IsErrorWithCode(err, ldap.ErrorNetwork) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("StartTLS refused", func(t *testing.T) {
		defer srv.Inject(Fault{On: OpStartTLS, Do: Refuse(ldap.LDAPResultUnavailable, "no certificate")}).Remove()
		err := dial(t, srv.URL()).StartTLS(clientTLS(t, srv))
		if !ldap.IsErrorWithCode(err, ldap.LDAPResultUnavailable) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a connection closed at once", func(t *testing.T) {
		defer srv.Inject(Fault{On: OpConnect, Do: Close()}).Remove()
		if err := dial(t, srv.URL()).Bind(reader, password); err == nil {
			t.Error("got no error")
		}
	})
}

func TestHiddenAttribute(t *testing.T) {
	srv := serveCompany(t, Options{})
	defer srv.Inject(Fault{Do: HideAttribute("Mail")}).Remove()
	result, err := bound(t, srv).Search(subtree("(sAMAccountName=ada)", "mail", "title"))
	if err != nil {
		t.Fatal(err)
	}
	if mail, title := result.Entries[0].GetAttributeValue("mail"), result.Entries[0].GetAttributeValue("title"); mail != "" || title != "Countess" {
		t.Errorf("got mail %q and title %q", mail, title)
	}
}

func TestRequestLog(t *testing.T) {
	srv := serveCompany(t, Options{})
	c := bound(t, srv)
	request := subtree("(&(objectClass=user)(mail=*))", "cn", "mail")
	if _, err := c.SearchWithPaging(request, 1); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range srv.Requests(OpBind, OpSearch) {
		got = append(got, fmt.Sprintf("%s %d %q %s %s %v page %d of %d: %v %d, %d entries %d references", r.Op, r.Connection, r.DN, r.Method+r.Scope, r.Filter, r.Attributes, r.Page, r.PageSize, r.Done, r.Result, r.Entries, r.References))
	}
	want := []string{
		`bind 1 "CN=Reader,OU=People,DC=example,DC=com" simple  [] page 0 of 0: true 0, 0 entries 0 references`,
		`search 1 "DC=example,DC=com" sub (&(objectClass=user)(mail=*)) [cn mail] page 1 of 1: true 0, 1 entries 0 references`,
		`search 1 "DC=example,DC=com" sub (&(objectClass=user)(mail=*)) [cn mail] page 2 of 1: true 0, 1 entries 3 references`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	srv.ForgetRequests()
	if len(srv.Requests()) != 0 {
		t.Error("the log is not empty")
	}
}

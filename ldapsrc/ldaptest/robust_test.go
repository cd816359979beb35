package ldaptest

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"

	"adsync/ldapsrc/ldif"

	"github.com/go-ldap/ldap/v3"
)

// FuzzRequests sends arbitrary bytes after a bind; the server must neither
// panic nor keep the connection's goroutines once the client is gone.
func FuzzRequests(f *testing.F) {
	f.Add(rawSearch(2, "", []string{"cn", "member;range=0-*"}))
	f.Add(appendMessage(nil, 3, appendElement(nil, 0x4A, "CN=x,"+suffix), nil))
	f.Add(appendMessage(nil, 4, appendElement(nil, 0x77, appendElement(nil, 0x80, startTLSOID)), nil))
	f.Add(appendMessage(nil, 5, appendElement(nil, 0x60, append(appendInteger(nil, tagInteger, 3), 4, 0, 0x8B, 0)), nil))
	f.Add([]byte{0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF})
	srv := serveCompany(f, Options{})
	address := srv.plain.Addr().String()
	f.Fuzz(func(t *testing.T, request []byte) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Skip(err)
		}
		_, _ = conn.Write(append(rawBind(reader, password), request...))
		_ = conn.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
		srv.ForgetRequests()
	})
}

// FuzzNames checks that a canonical name is its own canonical form and that
// the fast way and the parser agree.
func FuzzNames(f *testing.F) {
	for _, seed := range []string{suffix, ada, `CN=Doe\, John,DC=x`, `CN=a+SN=b,DC=x`, `cn=\#x ,dc=y`, "CN=a\u00a0,DC=x", `CN=x\0ACNF:1,DC=y`, "cn=  a  b ,dc=c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		key, err := parseName(name)
		if err != nil {
			return
		}
		if again, err := parseName(key); err == nil && again != key {
			t.Errorf("%q is %q, and that is %q", name, key, again)
		}
		parsed, err := ldap.ParseDN(name)
		if err != nil || len(parsed.RDNs) == 0 {
			return
		}
		rdns := make([]string, len(parsed.RDNs))
		for i, rdn := range parsed.RDNs {
			rdns[i] = canonicalRDN(rdn)
		}
		if slow := strings.Join(rdns, ","); slow != key {
			t.Errorf("%q is %q, by the parser %q", name, key, slow)
		}
	})
}

// TestEditsWhileSearching is for the race detector, and for its counts: an
// edit is seen whole or not at all.
func TestEditsWhileSearching(t *testing.T) {
	srv := serveCompany(t, Options{})
	fill(t, srv.dir, 300)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			dn := fmt.Sprintf("CN=u%05d,OU=People,%s", i%300, suffix)
			if err := srv.dir.Modify(dn, Replace("title", fmt.Sprint("t", i)), Replace("department", fmt.Sprint("t", i))); err != nil {
				t.Error(err)
				return
			}
			if err := srv.dir.Modify(engineers, Replace("member", dn, ada)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 3 {
		c := bound(t, srv)
		for range 10 {
			result, err := c.SearchWithPaging(subtree("(|(cn=u0*)(cn=Engineers))", "title", "department", "member"), 50)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range result.Entries {
				title, department := e.GetAttributeValue("title"), e.GetAttributeValue("department")
				if title != "Engineer" && title != department {
					t.Fatalf("half an edit: %s and %s", title, department)
				}
			}
		}
	}
	close(stop)
	wg.Wait()
}

func TestCloseEndsEverything(t *testing.T) {
	srv, err := Start(companyDirectory(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := bound(t, srv)
	srv.Inject(Fault{Do: Hang()})
	done := make(chan error)
	go func() {
		_, err := c.Search(subtree("(cn=*)"))
		done <- err
	}()
	for len(srv.Requests(OpSearch)) == 0 {
		runtime.Gosched()
	}
	if err := srv.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err == nil {
		t.Error("the search ended well")
	}
	if n := srv.Connections(); n != 0 {
		t.Errorf("%d connections are left", n)
	}
}

// BenchmarkLoadLDIF loads 20,000 users, all members of one group.
func BenchmarkLoadLDIF(b *testing.B) {
	var text bytes.Buffer
	w := ldif.NewWriter(&text)
	group := &ldif.Record{DN: "CN=all,OU=Groups," + suffix, Attributes: fields("objectClass", "group")}
	for i := range 20000 {
		name := fmt.Sprintf("u%05d", i)
		dn := "CN=" + name + ",OU=People," + suffix
		if err := w.Write(&ldif.Record{DN: dn, Attributes: fields("objectClass", "user", "sAMAccountName", name, "mail", name+"@example.com", "sn", name, "manager", reader)}); err != nil {
			b.Fatal(err)
		}
		group.Attributes = append(group.Attributes[:1], ldif.Attribute{Name: "member", Values: append(group.Values("member"), []byte(dn))})
	}
	if err := w.Write(group); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		d := NewDirectory(ActiveDirectory, suffix)
		if err := d.LoadLDIF(strings.NewReader(company)); err != nil {
			b.Fatal(err)
		}
		if err := d.LoadLDIF(bytes.NewReader(text.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}

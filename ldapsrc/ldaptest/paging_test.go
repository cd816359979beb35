package ldaptest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// page asks for one page of the filled-in users and returns the names and cookie.
func page(c *ldap.Conn, size uint32, cookie []byte) (int, []byte, error) {
	paging := ldap.NewControlPaging(size)
	paging.SetCookie(cookie)
	request := subtree("(cn=u0*)", "cn")
	request.Controls = []ldap.Control{paging}
	result, err := c.Search(request)
	if err != nil {
		return len(result.Entries), nil, err
	}
	control, ok := ldap.FindControl(result.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
	if !ok {
		return len(result.Entries), nil, errors.New("no paging control")
	}
	return len(result.Entries), control.Cookie, nil
}

func TestPagesOfAD(t *testing.T) {
	srv := serveCompany(t, Options{})
	fill(t, srv.dir, 2500)
	c := bound(t, srv)

	t.Run("an answer has at most 1000 entries, whatever was asked", func(t *testing.T) {
		var sizes []int
		var cookie []byte
		for {
			n, next, err := page(c, 5000, cookie)
			if err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, n)
			if cookie = next; len(cookie) == 0 {
				break
			}
		}
		if got := fmt.Sprint(sizes); got != "[1000 1000 500]" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("without paging it ends after 1000 with result 4", func(t *testing.T) {
		result, err := c.Search(subtree("(cn=u0*)", "cn"))
		if !ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) || len(result.Entries) != 1000 {
			t.Errorf("got %d entries and %v", len(result.Entries), err)
		}
	})
	t.Run("a size limit holds over all pages", func(t *testing.T) {
		request := subtree("(cn=u0*)", "cn")
		request.SizeLimit = 1200
		result, err := c.SearchWithPaging(request, 500)
		if !ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) || len(result.Entries) != 1200 {
			t.Errorf("got %d entries and %v", len(result.Entries), err)
		}
	})
	t.Run("a cookie of another connection is refused", func(t *testing.T) {
		_, cookie, err := page(c, 10, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := page(bound(t, srv), 10, cookie); !ldap.IsErrorWithCode(err, ldap.LDAPResultUnwillingToPerform) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("two searches turn their pages side by side", func(t *testing.T) {
		_, first, err1 := page(c, 1000, nil)
		_, second, err2 := page(c, 900, nil)
		n1, _, err3 := page(c, 1000, first)
		n2, _, err4 := page(c, 900, second)
		if err := errors.Join(err1, err2, err3, err4); err != nil || n1 != 1000 || n2 != 900 {
			t.Errorf("got %d and %d, %v", n1, n2, err)
		}
	})
	t.Run("an entry that is deleted meanwhile is left out", func(t *testing.T) {
		_, cookie, err := page(c, 1000, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := srv.dir.Delete("CN=u01500,OU=People," + suffix); err != nil {
			t.Fatal(err)
		}
		if n, _, err := page(c, 1000, cookie); err != nil || n != 999 {
			t.Errorf("got %d, %v", n, err)
		}
	})
}

func TestPagesOfOpenLDAP(t *testing.T) {
	srv := serve(t, NewDirectory(OpenLDAP, suffix), "dn: OU=People,DC=example,DC=com\nobjectClass: organizationalUnit\n", Options{AllowAnonymous: true, MaxPageSize: 500, SizeLimit: 700})
	fill(t, srv.dir, 800)
	c := dial(t, srv.URL())
	t.Run("too large a page is refused", func(t *testing.T) {
		if _, _, err := page(c, 1000, nil); !ldap.IsErrorWithCode(err, ldap.LDAPResultAdminLimitExceeded) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("the size limit holds, paged or not", func(t *testing.T) {
		result, err := c.SearchWithPaging(subtree("(cn=u0*)", "cn"), 300)
		if !ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) || len(result.Entries) != 700 {
			t.Errorf("got %d entries and %v", len(result.Entries), err)
		}
	})
	t.Run("an old cookie is refused", func(t *testing.T) {
		_, cookie, err := page(c, 100, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := page(c, 100, cookie); err != nil {
			t.Fatal(err)
		}
		if _, _, err := page(c, 100, cookie); !ldap.IsErrorWithCode(err, ldap.LDAPResultUnwillingToPerform) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a cookie of another connection is refused", func(t *testing.T) {
		_, cookie, err := page(c, 100, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := page(dial(t, srv.URL()), 100, cookie); !ldap.IsErrorWithCode(err, ldap.LDAPResultProtocolError) {
			t.Errorf("got %v", err)
		}
	})
}

// drain reads a paged search of everyone off the wire without decoding entries
// and returns how many there were.
func drain(conn net.Conn, frames *frameReader, id int64, attrs ...string) (int, error) {
	count, cookie := 0, ""
	for {
		id++
		if _, err := conn.Write(rawSearch(id, cookie, attrs)); err != nil {
			return count, err
		}
		for {
			frame, err := frames.next()
			if err != nil {
				return count, err
			}
			p := frame[1:]
			if p[0] == opSearchEntry {
				count++
				continue
			}
			if p[0] != opSearchDone {
				continue
			}
			message, err := ber.DecodePacketErr(frames.whole)
			if err != nil {
				return count, err
			}
			control, err := ldap.DecodeControl(message.Children[2].Children[0])
			if err != nil {
				return count, err
			}
			cookie = string(control.(*ldap.ControlPaging).Cookie)
			break
		}
		if cookie == "" {
			return count, nil
		}
	}
}

// BenchmarkPagedRead reads 20,000 users at 1,000 a page. The first reading of
// a selection encodes, the others take what was kept.
func BenchmarkPagedRead(b *testing.B) {
	srv := serveCompany(b, Options{})
	fill(b, srv.dir, 20000)
	attrs := []string{"objectGUID", "cn", "sn", "givenName", "mail", "displayName", "title", "department", "userPrincipalName", "sAMAccountName", "userAccountControl", "memberOf", "manager"}
	for _, first := range []bool{true, false} {
		name := "kept"
		if first {
			name = "encoded"
		}
		b.Run(name, func(b *testing.B) {
			start := time.Now()
			for range b.N {
				if first {
					if err := srv.dir.Modify(reader, Replace("title", time.Now().String())); err != nil {
						b.Fatal(err)
					}
				}
				conn, err := net.Dial("tcp", srv.plain.Addr().String())
				if err != nil {
					b.Fatal(err)
				}
				frames := &frameReader{in: conn}
				if _, err := conn.Write(rawBind(reader, password)); err != nil {
					b.Fatal(err)
				}
				if _, err := frames.next(); err != nil {
					b.Fatal(err)
				}
				n, err := drain(conn, frames, 1, attrs...)
				if err != nil || n < 20000 {
					b.Fatal(n, err)
				}
				_ = conn.Close()
			}
			b.ReportMetric(float64(20000*b.N)/time.Since(start).Seconds(), "entries/s")
		})
	}
}

// frameReader cuts a stream into LDAP messages.
type frameReader struct {
	in    io.Reader
	buf   []byte
	start int
	end   int
	whole []byte
}

// next returns a message from the last byte of its id on.
func (f *frameReader) next() ([]byte, error) {
	for {
		if frame, ok := f.cut(); ok {
			return frame, nil
		}
		if f.start > 0 {
			copy(f.buf, f.buf[f.start:f.end])
			f.end -= f.start
			f.start = 0
		}
		if f.end == len(f.buf) {
			f.buf = append(f.buf, make([]byte, 64<<10)...)
		}
		n, err := f.in.Read(f.buf[f.end:])
		if err != nil {
			return nil, err
		}
		f.end += n
	}
}

func (f *frameReader) cut() ([]byte, bool) {
	b := f.buf[f.start:f.end]
	if len(b) < 6 {
		return nil, false
	}
	head, length := 2, int(b[1])
	if length >= 0x80 {
		head += length & 0x7F
		length = 0
		for _, c := range b[2:head] {
			length = length<<8 | int(c)
		}
	}
	if len(b) < head+length {
		return nil, false
	}
	f.start += head + length
	f.whole = b[:head+length]
	return b[head+1+int(b[head+1]) : head+length], true
}

func rawBind(dn, password string) []byte {
	body := appendInteger(nil, tagInteger, 3)
	body = appendElement(body, tagOctetString, dn)
	body = appendElement(body, 0x80, password)
	return appendMessage(nil, 1, appendElement(nil, 0x60, body), nil)
}

func rawSearch(id int64, cookie string, attrs []string) []byte {
	body := appendElement(nil, tagOctetString, suffix)
	body = appendInteger(body, tagEnumerated, ldap.ScopeWholeSubtree)
	body = appendInteger(body, tagEnumerated, 0)
	body = appendInteger(body, tagInteger, 0)
	body = appendInteger(body, tagInteger, 0)
	body = append(body, tagBoolean, 1, 0)
	filter := appendElement(appendElement(nil, tagOctetString, "objectClass"), tagOctetString, "user")
	body = appendElement(body, 0xA3, filter)
	var list []byte
	for _, name := range attrs {
		list = appendElement(list, tagOctetString, name)
	}
	body = appendElement(body, tagSequence, list)
	return appendMessage(nil, id, appendElement(nil, 0x63, body), pagingControl(1000, cookie))
}

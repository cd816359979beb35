package servers

import (
	"sync"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

// Writer changes the entries of a running server as its administrator. Its
// methods stop the test when the server refuses.
type Writer struct {
	t    testing.TB
	open func() (*ldap.Conn, error)

	mu   sync.Mutex
	conn *ldap.Conn
}

// Conn is the administrator's connection, opened again if it was lost.
func (w *Writer) Conn() *ldap.Conn {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn != nil && !w.conn.IsClosing() {
		return w.conn
	}
	conn, err := w.open()
	if err != nil {
		w.t.Fatalf("connect as the administrator: %v", err)
	}
	w.conn = conn
	return conn
}

func (w *Writer) disconnect() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn != nil {
		w.conn.Close()
		w.conn = nil
	}
}

// Add adds an entry.
func (w *Writer) Add(dn string, attributes map[string][]string) {
	w.t.Helper()
	request := ldap.NewAddRequest(dn, nil)
	for name, values := range attributes {
		request.Attribute(name, values)
	}
	if err := w.Conn().Add(request); err != nil {
		w.t.Fatalf("add %q: %v", dn, err)
	}
}

// SetAttr replaces an attribute's values; no values remove the attribute.
func (w *Writer) SetAttr(dn, attribute string, values ...string) {
	w.t.Helper()
	request := ldap.NewModifyRequest(dn, nil)
	request.Replace(attribute, values)
	w.modify(request)
}

// AddValues adds values to an attribute, as for a group's member.
func (w *Writer) AddValues(dn, attribute string, values ...string) {
	w.t.Helper()
	request := ldap.NewModifyRequest(dn, nil)
	request.Add(attribute, values)
	w.modify(request)
}

// RemoveValues removes values from an attribute.
func (w *Writer) RemoveValues(dn, attribute string, values ...string) {
	w.t.Helper()
	request := ldap.NewModifyRequest(dn, nil)
	request.Delete(attribute, values)
	w.modify(request)
}

func (w *Writer) modify(request *ldap.ModifyRequest) {
	w.t.Helper()
	if err := w.Conn().Modify(request); err != nil {
		w.t.Fatalf("modify %q: %v", request.DN, err)
	}
}

// Rename gives an entry another RDN, such as "uid=ada.king", and returns its
// new DN.
func (w *Writer) Rename(dn, rdn string) string {
	w.t.Helper()
	if err := w.Conn().ModifyDN(ldap.NewModifyDNRequest(dn, rdn, true, "")); err != nil {
		w.t.Fatalf("rename %q: %v", dn, err)
	}
	return rdn + "," + parentOf(w.t, dn)
}

// Move puts an entry below another parent and returns its new DN.
func (w *Writer) Move(dn, parent string) string {
	w.t.Helper()
	rdn := dn[:len(dn)-len(parentOf(w.t, dn))-1]
	if err := w.Conn().ModifyDN(ldap.NewModifyDNRequest(dn, rdn, true, parent)); err != nil {
		w.t.Fatalf("move %q: %v", dn, err)
	}
	return rdn + "," + parent
}

// Delete removes an entry.
func (w *Writer) Delete(dn string) {
	w.t.Helper()
	if err := w.Conn().Del(ldap.NewDelRequest(dn, nil)); err != nil {
		w.t.Fatalf("delete %q: %v", dn, err)
	}
}

// Values reads an attribute as it is now; operational ones are read as well.
func (w *Writer) Values(dn, attribute string) []string {
	w.t.Helper()
	result, err := w.Conn().Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases,
		0, 0, false, "(objectClass=*)", []string{attribute}, nil))
	if err != nil {
		w.t.Fatalf("read %s of %q: %v", attribute, dn, err)
	}
	return result.Entries[0].GetEqualFoldAttributeValues(attribute)
}

// parentOf cuts the first RDN off a DN's text, minding escaped commas
// (RFC 4514 section 2.4).
func parentOf(t testing.TB, dn string) string {
	t.Helper()
	for i := 0; i < len(dn); i++ {
		switch dn[i] {
		case '\\':
			i++
		case ',':
			return dn[i+1:]
		}
	}
	t.Fatalf("%q has no parent", dn)
	return ""
}

// Package ldif reads and writes the LDAP Data Interchange Format, RFC 2849, as
// ldapsearch, slapcat and ldifde produce it and ldapmodify and ldifde take it.
//
// It knows the text and nothing of directories: DNs and attribute names are
// left as written, values are bytes.
package ldif

import (
	"fmt"
	"strings"
)

// The values of Record.Change. A content record has none of them.
const (
	ChangeAdd    = "add"
	ChangeDelete = "delete"
	ChangeModify = "modify"
	ChangeModRDN = "modrdn"
)

// Record is one entry (a content record) or one change to an entry.
type Record struct {
	DN         string
	Attributes []Attribute // of a content record or an add, in the order of their first appearance
	Change     string      // "" for content, else ChangeAdd, ChangeDelete, ChangeModify or ChangeModRDN
	Controls   []Control   // of a change record
	Mods       []Mod       // of ChangeModify, to be applied in this order

	NewRDN       string // of ChangeModRDN
	DeleteOldRDN bool
	NewSuperior  string // "" leaves the entry below its parent

	Line int // where the record's dn stands, counted from 1; 0 if it was not read
}

// Attribute is an attribute description and its values. Name is as written,
// options such as ;binary or ;range=0-1499 included.
type Attribute struct {
	Name   string
	Values [][]byte
}

// Mod is one step of a modify record.
type Mod struct {
	Op        string // "add", "delete" or "replace"
	Attribute        // no values: delete removes the whole attribute, replace clears it
}

// Control is an LDAP control that a change asks the server to observe.
type Control struct {
	OID      string
	Critical bool
	Value    []byte // nil if the control has none
}

// IsEntry tells whether the record describes a whole entry: a content record,
// or an add, which is how ldifde exports every entry.
func (r *Record) IsEntry() bool { return r.Change == "" || r.Change == ChangeAdd }

// Values returns the values of the named attribute, compared without case;
// options are part of the name. It returns nil if the record has none.
func (r *Record) Values(name string) [][]byte {
	if i := find(r.Attributes, name); i >= 0 {
		return r.Attributes[i].Values
	}
	return nil
}

// Value returns the first value of the named attribute as text, "" if there is none.
func (r *Record) Value(name string) string {
	if values := r.Values(name); len(values) > 0 {
		return string(values[0])
	}
	return ""
}

func find(attributes []Attribute, name string) int {
	for i := range attributes {
		if strings.EqualFold(attributes[i].Name, name) {
			return i
		}
	}
	return -1
}

// Error is what is wrong with a text and on which line.
type Error struct {
	Line int
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the cause without the line.
func (e *Error) Unwrap() error { return e.Err }

func errorAt(line int, format string, args ...any) error {
	return &Error{Line: line, Err: fmt.Errorf(format, args...)}
}

package ldapsrc

import (
	"fmt"

	"github.com/go-ldap/ldap/v3"
)

// A ReadError is why a source could not be read completely.
type ReadError struct {
	Where   string // a configuration key, or which part of the directory
	Problem string
	Advice  string
	Err     error // the cause, if there is one
}

// Error says where and why.
func (e *ReadError) Error() string {
	text := e.Problem
	if e.Where != "" {
		text = e.Where + ": " + text
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Hint says what to do about it, or is empty.
func (e *ReadError) Hint() string { return e.Advice }

// Unwrap returns the cause.
func (e *ReadError) Unwrap() error { return e.Err }

// baseError adds the setting to the error of a search under a base, and says in
// words when the base is not there.
func baseError(cfg *Config, setting, base string, err error) error {
	where := cfg.key(setting)
	switch {
	case ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject):
		return &ReadError{Where: where, Problem: fmt.Sprintf("%q is not there, or the bind account may not see it", base), Err: err,
			Advice: "correct the DN; it changes when an OU is renamed or moved"}
	case ldap.IsErrorWithCode(err, ldap.LDAPResultReferral):
		return &ReadError{Where: where, Problem: fmt.Sprintf("%q belongs to another server", base), Err: err,
			Advice: "read it from a server of its own domain: set forest: true, or make it a source of its own"}
	}
	return err
}

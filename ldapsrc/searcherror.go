package ldapsrc

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// A SearchError is a search that did not end well, or not provably so.
type SearchError struct {
	Server, Base, Filter string
	Entries              int // how many came before; none of them may be used
	Err                  error
}

// Error names the search and the reason.
func (e *SearchError) Error() string {
	after := ""
	if e.Entries > 0 {
		after = fmt.Sprintf(" after %d entries", e.Entries)
	}
	text := fmt.Sprintf("search %s on %s under %q%s: %v", e.Filter, e.Server, e.Base, after, e.Err)
	return strings.TrimSuffix(text, ": ") // go-ldap's way of adding an empty diagnostic message
}

// Hint says what to do about it, or is empty.
func (e *SearchError) Hint() string {
	var (
		answer *ldap.Error
		hinted interface{ Hint() string }
	)
	switch {
	case errors.As(e.Err, &answer):
		return e.advice(answer.ResultCode)
	case errors.As(e.Err, &hinted):
		return hinted.Hint()
	}
	return "nothing of what came was used; run again, and look into the server's log if it happens again"
}

// advice is what to do about a result code, here.
func (e *SearchError) advice(code uint16) string {
	switch advice, known := searchAdvice[code]; {
	case code == ldap.LDAPResultNoSuchObject && e.Base == "":
		return "let the bind account read the rootDSE, which is the entry without a name"
	case code == ldap.LDAPResultUnwillingToPerform && e.Entries > 0:
		return "the server lost the place in its list: run again"
	case known:
		return advice
	}
	return "look into the server's log, and the result code up in its manual"
}

// Unwrap returns the reason: an *ldap.Error for a result code.
func (e *SearchError) Unwrap() error { return e.Err }

// searchAdvice is what to do about a result code (RFC 4511 A.2).
var searchAdvice = map[uint16]string{
	ldap.LDAPResultOperationsError:              "AD says this to whoever is not bound: check bind.method",
	ldap.LDAPResultTimeLimitExceeded:            "let the server's administrator raise the time limit of the bind account, or narrow base and filter",
	ldap.LDAPResultSizeLimitExceeded:            "let the server's administrator raise the size limit of the bind account (olcLimits, nsslapd-sizelimit, MaxPageSize), or narrow base and filter",
	ldap.LDAPResultReferral:                     "the base is on another server: connect to that one, or add it as a source of its own",
	ldap.LDAPResultAdminLimitExceeded:           "let the server's administrator raise the limits of the bind account (olcLimits, nsslapd-lookthroughlimit)",
	ldap.LDAPResultUnavailableCriticalExtension: "the server knows no paging (RFC 2696) for this search; it cannot be read reliably",
	ldap.LDAPResultNoSuchObject:                 "check the base: it is not there, or the bind account may not see it",
	ldap.LDAPResultInvalidDNSyntax:              "the base is not a DN, for example ou=people,dc=example,dc=com",
	ldap.LDAPResultInsufficientAccessRights:     "let the bind account read this part of the directory; if its password was reset, it may read nothing before that is changed",
	ldap.LDAPResultBusy:                         "try again later, or name another server",
	ldap.LDAPResultUnavailable:                  "try again later, or name another server",
	ldap.LDAPResultUnwillingToPerform:           "look into the server's log; an account whose password was reset or has expired may do nothing before it is changed",
	ldap.ErrorFilterCompile:                     "write the filter as in RFC 4515, in parentheses: (&(mail=*)(l=Berlin))",
}

// unexpected describes a message that is no answer to the search. Whatever it
// is, an entry may have been lost with it.
func unexpected(m message) error {
	if m.id != 0 {
		return fmt.Errorf("the server sent a message with the id %d, which nobody asked for", m.id)
	}
	// Notice of disconnection, RFC 4511 4.4.1.
	if r, err := parseResult(m.body); err == nil {
		return fmt.Errorf("the server ends the connection: %s", r)
	}
	return errors.New("the server ends the connection")
}

func (r result) String() string {
	text := fmt.Sprintf("result %d", r.code)
	if name, ok := ldap.LDAPResultCodeMap[uint16(r.code)]; ok {
		text += " (" + name + ")"
	}
	if r.diagnostic != "" {
		text += ": " + r.diagnostic
	}
	return text
}

// err is the result as go-ldap's error, so that callers can ask for the code
// with ldap.IsErrorWithCode.
func (r result) err() error {
	text := r.diagnostic
	if len(r.referrals) > 0 {
		text += fmt.Sprintf(" (referral to %s)", r.referrals[0])
	}
	return &ldap.Error{ResultCode: uint16(r.code), MatchedDN: r.matchedDN, Err: errors.New(text)}
}

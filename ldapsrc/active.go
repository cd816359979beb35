package ldapsrc

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// accountDisabled is ADS_UF_ACCOUNT_DISABLE (MS-ADTS 2.2.16).
const accountDisabled = 2

// permanentlyLocked is the value of pwdAccountLockedTime by which an
// administrator locks an account for good (draft-behera-ldap-password-policy).
// Any other value is a lockout by wrong passwords, which passes by itself.
const permanentlyLocked = "000001010000Z"

// states are the attributes that tell whether an account may be used, by their
// place in a selection; -1 for those that the type does not have.
type states struct {
	control, expires              int // AD
	nsLock, policyLock            int // 389 Directory Server and FreeIPA; the ppolicy overlay
	shadowExpire                  int // RFC 2307
	loginDisabled, loginExpiresAt int // eDirectory
}

func newStates(s *selection) states {
	return states{
		control: s.index("userAccountControl"), expires: s.index("accountExpires"),
		nsLock: s.index("nsAccountLock"), policyLock: s.index("pwdAccountLockedTime"),
		shadowExpire:  s.index("shadowExpire"),
		loginDisabled: s.index("loginDisabled"), loginExpiresAt: s.index("loginExpirationTime"),
	}
}

// inactive says why an account may not be used, or returns "". A lockout after
// wrong passwords and an expired password are not among the reasons: both pass
// without an administrator having meant anything.
func (s states) inactive(e *entry, now time.Time) string {
	if v := e.at(s.control); v != nil {
		if n, err := strconv.ParseInt(string(v), 10, 64); err == nil && n&accountDisabled != 0 {
			return "disabled (userAccountControl)"
		}
	}
	if v := e.at(s.expires); v != nil {
		if t, ok, err := fileTime(string(v)); err == nil && ok && !t.After(now) {
			return "expired on " + t.Format(time.DateOnly) + " (accountExpires)"
		}
	}
	if isTrue(e.at(s.nsLock)) {
		return "locked by an administrator (nsAccountLock)"
	}
	if string(e.at(s.policyLock)) == permanentlyLocked {
		return "locked by an administrator (pwdAccountLockedTime)"
	}
	if isTrue(e.at(s.loginDisabled)) {
		return "disabled (loginDisabled)"
	}
	if v := e.at(s.loginExpiresAt); v != nil {
		if t, err := generalizedTime(string(v)); err == nil && !t.After(now) {
			return "expired on " + t.Format(time.DateOnly) + " (loginExpirationTime)"
		}
	}
	return s.shadowExpired(e, now)
}

// shadowExpired reads shadowExpire: days since 1970, -1 for never (shadow(5)).
func (s states) shadowExpired(e *entry, now time.Time) string {
	v := bytes.TrimSpace(e.at(s.shadowExpire))
	if len(v) == 0 {
		return ""
	}
	days, err := strconv.ParseInt(string(v), 10, 32)
	if err != nil || days < 0 {
		return ""
	}
	day := time.Unix(0, 0).UTC().AddDate(0, 0, int(days))
	if day.After(now) {
		return ""
	}
	return "expired on " + day.Format(time.DateOnly) + " (shadowExpire)"
}

func isTrue(v []byte) bool { return strings.EqualFold(string(v), "TRUE") }

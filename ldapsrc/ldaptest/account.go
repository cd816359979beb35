package ldaptest

import (
	"math"
	"strings"
	"time"
)

// The bits of userAccountControl that a DC looks at for passwords, and those
// that it only computes.
const (
	accountDisabled = 0x2
	accountLocked   = 0x10
	passwordEternal = 0x10000 | 0x40000 | 0x800 | 0x1000 | 0x2000 // or of a smartcard, trust, machine
	passwordExpired = 0x800000
)

// Values that mean never: of maxPwdAge, a negative duration, and of accountExpires.
const (
	neverAges    = math.MinInt64
	neverExpires = math.MaxInt64
)

// computedControl returns UF_LOCKOUT and UF_PASSWORD_EXPIRED ([MS-ADTS] section
// 3.1.1.4.5.17).
func (d *Directory) computedControl(e *entry, control int64, now time.Time) int64 {
	computed := control & passwordExpired
	if locked := e.text("lockouttime"); locked != "" && locked != "0" {
		computed |= accountLocked
	}
	set, known := parseInt([]byte(e.text("pwdlastset")))
	if known && control&passwordEternal == 0 {
		age := int64(neverAges)
		if root := d.entries[d.key]; root != nil {
			if most, ok := parseInt([]byte(root.text("maxpwdage"))); ok {
				age = most // negative, as all durations are
			}
		}
		if set == 0 || age != neverAges && age != 0 && set-age < fileTime(now) {
			computed |= passwordExpired
		}
	}
	return computed
}

// checkPassword returns the DN that name stands for, or AD's code for why it
// may not bind. Why an account is barred is told only to who has its password.
func (d *Directory) checkPassword(name, password string) (dn, data string) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	e := d.account(name)
	if e == nil {
		key, err := parseName(name)
		if err != nil && d.flavor == OpenLDAP {
			return "", "34"
		}
		if have, ok := d.passwords[key]; err == nil && ok && have == password {
			return name, ""
		}
		return "", "525"
	}
	if have, ok := d.passwords[e.key]; !ok || have != password {
		return "", "52e"
	}
	if d.flavor == ActiveDirectory {
		if data := d.barred(e, time.Now()); data != "" {
			return "", data
		}
	}
	return e.dn, ""
}

// account finds the entry for a bind name: a DN, and in AD also a user
// principal name, user@DOMAIN or DOMAIN\user ([MS-ADTS] section 5.1.1.1.1).
func (d *Directory) account(name string) *entry {
	if e, err := d.find(name); err == nil {
		return e
	}
	if d.flavor != ActiveDirectory {
		return nil
	}
	domain, user, down := strings.Cut(name, `\`)
	local, suffix, at := strings.Cut(name, "@")
	for _, e := range d.list {
		sam := e.text("samaccountname")
		if sam == "" {
			continue
		}
		switch {
		case down && strings.EqualFold(domain, d.netbios) && strings.EqualFold(user, sam),
			at && strings.EqualFold(name, e.text("userprincipalname")),
			at && strings.EqualFold(local, sam) && (strings.EqualFold(suffix, dnsName(d.suffix)) || strings.EqualFold(suffix, d.netbios)):
			return e
		}
	}
	return nil
}

// barred returns why an account may not log on, as AD's data code.
func (d *Directory) barred(e *entry, now time.Time) string {
	control, _ := parseInt([]byte(e.text("useraccountcontrol")))
	expires, _ := parseInt([]byte(e.text("accountexpires")))
	computed := d.computedControl(e, control, now)
	switch {
	case computed&accountLocked != 0:
		return "775"
	case control&accountDisabled != 0:
		return "533"
	case expires != 0 && expires != neverExpires && expires < fileTime(now):
		return "701"
	case computed&passwordExpired != 0 && e.text("pwdlastset") == "0":
		return "773"
	case computed&passwordExpired != 0:
		return "532"
	}
	return ""
}

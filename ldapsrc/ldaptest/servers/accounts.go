package servers

import (
	"encoding/binary"
	"maps"
	"strconv"
	"unicode/utf16"
)

// AddOU adds an organizational unit below the domain's root and returns its
// DN. With one for each test, tests can share a domain.
func (s *Samba) AddOU(name string) string {
	s.t.Helper()
	dn := "OU=" + name + "," + s.BaseDN()
	s.Add(dn, map[string][]string{"objectClass": {"organizationalUnit"}, "ou": {name}})
	return dn
}

// AddUser adds an enabled user without a password and returns its DN. The name
// is the CN, the sAMAccountName and the first part of the userPrincipalName
// unless the attributes say otherwise.
func (s *Samba) AddUser(parent, name string, attributes map[string][]string) string {
	s.t.Helper()
	all := map[string][]string{
		"objectClass":        {"user"},
		"sAMAccountName":     {name},
		"userPrincipalName":  {s.UPN(name)},
		"userAccountControl": {"544"}, // normal account, no password needed
	}
	maps.Copy(all, attributes)
	dn := "CN=" + name + "," + parent
	s.Add(dn, all)
	return dn
}

// AddGroup adds a global security group and returns its DN.
func (s *Samba) AddGroup(parent, name string, members ...string) string {
	s.t.Helper()
	attributes := map[string][]string{"objectClass": {"group"}, "sAMAccountName": {name}}
	if len(members) > 0 {
		attributes["member"] = members
	}
	dn := "CN=" + name + "," + parent
	s.Add(dn, attributes)
	return dn
}

// AddMember adds members to a group.
func (s *Samba) AddMember(group string, members ...string) {
	s.t.Helper()
	s.AddValues(group, "member", members...)
}

// RemoveMember takes members out of a group.
func (s *Samba) RemoveMember(group string, members ...string) {
	s.t.Helper()
	s.RemoveValues(group, "member", members...)
}

// SetPassword sets a user's password: quoted, in UTF-16 (MS-ADTS section
// 3.1.1.3.1.5).
func (s *Samba) SetPassword(user, password string) {
	s.t.Helper()
	var b []byte
	for _, unit := range utf16.Encode([]rune(`"` + password + `"`)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	s.SetAttr(user, "unicodePwd", string(b))
}

// accountDisabled is ADS_UF_ACCOUNT_DISABLE (MS-ADTS section 2.2.16).
const accountDisabled = 2

// Disable disables a user or computer.
func (s *Samba) Disable(account string) {
	s.t.Helper()
	s.setControl(account, s.control(account)|accountDisabled)
}

// Enable enables a user or computer.
func (s *Samba) Enable(account string) {
	s.t.Helper()
	s.setControl(account, s.control(account)&^accountDisabled)
}

func (s *Samba) control(account string) int {
	s.t.Helper()
	values := s.Values(account, "userAccountControl")
	if len(values) != 1 {
		s.t.Fatalf("%q has no userAccountControl", account)
	}
	control, err := strconv.Atoi(values[0])
	if err != nil {
		s.t.Fatalf("userAccountControl of %q: %v", account, err)
	}
	return control
}

func (s *Samba) setControl(account string, control int) {
	s.t.Helper()
	s.SetAttr(account, "userAccountControl", strconv.Itoa(control))
}

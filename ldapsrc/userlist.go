package ldapsrc

import (
	"slices"

	"adsync/ldapsrc/directory"
)

// A userList is the users of one or more domains and, at the same index, what
// is needed of them to join groups and managers.
type userList struct {
	users   []directory.User
	primary []string // SID of the primary group
	manager []string // what the manager attribute holds
	names   map[string][]int32
	logins  map[string]int32 // further values of the login attribute
	present []int            // how many have a value, by wanted attribute
	hidden  []string         // DNs of the first that show no userAccountControl (AD)
	unknown int              // and how many these are
	anchors map[string]int   // how many were anchored by which attribute
}

// grow makes room for progressStep more, and doubles it at once: what append
// leaves behind on its way to a long list would be several times the list.
func (l *userList) grow() {
	if n := len(l.primary); cap(l.primary)-n < progressStep {
		n = max(n, progressStep)
		l.primary, l.manager = slices.Grow(l.primary, n), slices.Grow(l.manager, n)
	}
}

// sharedString returns the one string for equal bytes.
func sharedString(known map[string]string, b []byte) string {
	if s, ok := known[string(b)]; ok {
		return s
	}
	s := string(b)
	known[s] = s
	return s
}

// join adds the users of another domain.
func (l *userList) join(other *userList) {
	offset := int32(len(l.users))
	if offset == 0 {
		l.users, l.primary, l.manager = other.users, other.primary, other.manager
	} else {
		l.users = append(l.users, other.users...)
		l.primary = append(l.primary, other.primary...)
		l.manager = append(l.manager, other.manager...)
	}
	if l.names == nil {
		l.names, l.logins, l.anchors, l.present = map[string][]int32{}, map[string]int32{}, map[string]int{}, make([]int, len(other.present))
	}
	for name, indexes := range other.names {
		for _, i := range indexes {
			l.names[name] = append(l.names[name], i+offset)
		}
	}
	for login, i := range other.logins {
		l.logins[login] = i + offset
	}
	for attribute, n := range other.anchors {
		l.anchors[attribute] += n
	}
	for i, n := range other.present {
		l.present[i] += n
	}
	l.hidden = append(l.hidden, other.hidden...)
	l.unknown += other.unknown
}

package commands

import (
	"cmp"
	"slices"
	"strings"

	"adsync/commands/config"
	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// nearNames is how many names like the one asked for are shown.
const nearNames = 5

// near are the names in scope and at the service that are most like the one
// that was asked for.
func (x *explaining) near() []nearObject {
	type ranked struct {
		nearObject
		far int
	}
	var list []ranked
	seen := map[string]bool{}
	consider := func(o nearObject, spellings ...string) {
		far := -1
		for _, s := range spellings {
			if d, ok := likeness(s, x.name); ok && (far < 0 || d < far) {
				far = d
				o.Name = s
			}
		}
		if key := o.Kind + "\x00" + cmp.Or(o.DN, o.Name); far >= 0 && !seen[key] {
			seen[key] = true
			list = append(list, ranked{o, far})
		}
	}
	for i, s := range x.sources {
		snapshot, ok := x.held.readings[i].Snapshot()
		if !ok {
			continue
		}
		for j := range snapshot.Users {
			u := &snapshot.Users[j]
			consider(nearObject{Kind: string(upload.User), Source: s.config.ID, DN: u.DN}, spellings(u.Login, u.DN, u.Attributes)...)
		}
		for j := range snapshot.Groups {
			g := &snapshot.Groups[j]
			consider(nearObject{Kind: string(upload.Group), Source: s.config.ID, DN: g.DN}, spellings(g.Login, g.DN, g.Attributes)...)
		}
	}
	if x.held.state != nil {
		for _, k := range []upload.Kind{upload.User, upload.Group} {
			resources := x.held.state.Of(k)
			for i := range resources {
				if _, _, ours := x.mark.Owner(resources[i].ExternalID); !ours {
					consider(nearObject{Kind: string(k)}, resources[i].Name)
				}
			}
		}
	}
	slices.SortStableFunc(list, func(a, b ranked) int { return cmp.Or(cmp.Compare(a.far, b.far), cmp.Compare(a.Name, b.Name)) })
	var out []nearObject
	for _, r := range list[:min(len(list), nearNames)] {
		out = append(out, r.nearObject)
	}
	return out
}

// spellings are what people call an entry.
func spellings(login, dn string, a directory.Attributes) []string {
	names := []string{login, dn}
	for _, attribute := range []string{"userPrincipalName", "mail", "uid", "displayName", "cn"} {
		names = append(names, a.First(attribute))
	}
	return names
}

// likeness says how far a spelling is from a name; false when it is too far.
// A name that is part of another is nearer than a typing mistake in it.
func likeness(spelling, name string) (int, bool) {
	spelling, name = strings.ToLower(spelling), strings.ToLower(name)
	if spelling == "" || len(name) < 2 {
		return 0, false
	}
	if len(name) >= 3 && !strings.Contains(spelling, "=") && strings.Contains(spelling, name) {
		return 0, true
	}
	bound := max(1, len([]rune(name))/5)
	if far := len([]rune(spelling)) - len([]rune(name)); far > bound || -far > bound {
		return 0, false
	}
	d := config.Edits(spelling, name)
	return d, d <= bound
}

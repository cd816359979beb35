package scim

import (
	"slices"
	"strings"

	"adsync/upload"
)

// Capabilities are what the service can do: what it says, narrowed by the
// profile. They are known after Read.
func (t *Target) Capabilities() upload.Capabilities {
	p := &t.profile
	c := upload.Capabilities{
		Profile: p.Name, Groups: !p.NoGroups, FrozenInactive: p.FrozenInactive,
		Delete:   map[upload.Kind]bool{},
		Unique:   map[upload.Kind][]string{upload.User: append([]string{upload.KeyUserName}, p.Unique...), upload.Group: slices.Clone(p.GroupUnique)},
		Required: map[upload.Kind][]string{upload.User: append([]string{upload.KeyUserName}, p.Required...), upload.Group: append([]string{upload.KeyDisplayName}, p.GroupRequired...)},
		Trait:    t.trait,
	}
	if p.NoGroupExternalID {
		c.Unmarked = map[upload.Kind]bool{upload.Group: true}
	}
	for _, k := range []upload.Kind{upload.User, upload.Group, upload.Device} {
		c.Delete[k] = !p.NoDelete[k]
	}
	if f := t.facts; f != nil {
		c.Bulk = t.bulkOffered()
		c.Patch = f.patch
		c.Groups = c.Groups && f.endpoints[upload.Group] != ""
		// RFC 7643 4.2 has groups in groups: only a schema that leaves them out
		// says that there are none.
		_, members := f.attributes[upload.Group]["members"]
		c.Nested = c.Groups && (f.nested || !members) && !p.Flat
		if u := f.attributes[upload.Group]["displayname"].Uniqueness; (u == "server" || u == "global") && !slices.Contains(c.Unique[upload.Group], upload.KeyDisplayName) {
			c.Unique[upload.Group] = append(c.Unique[upload.Group], upload.KeyDisplayName)
		}
		c.Devices = f.endpoints[upload.Device] != ""
		c.Deactivates = f.deactivates(upload.User)
		c.StaticDevices = !f.deactivates(upload.Device)
	}
	return c
}

// deactivates reports whether resources of a kind can be switched off: where
// the schema is not shown it is believed.
func (f *facts) deactivates(k upload.Kind) bool {
	active, known := f.attributes[k]["active"]
	if known {
		return active.Mutability != "readonly"
	}
	for name := range f.attributes[k] {
		if !strings.Contains(name, ":") {
			return false // the core schema is there, and has none
		}
	}
	return true
}

// trait is how the values of a path behave.
func (t *Target) trait(k upload.Kind, path string) upload.Trait {
	p, err := upload.ParsePath(path)
	if err != nil || t.facts == nil {
		return upload.Trait{}
	}
	attribute, sub, _ := t.facts.about(k, p)
	out := upload.Trait{
		CaseExact: sub.CaseExact || !upload.FoldsCase(k, p),
		ReadOnly:  attribute.Mutability == "readonly" || sub.Mutability == "readonly",
		WriteOnce: attribute.Mutability == "immutable" || t.profile.CreateOnly && k == upload.User,
		Boolean:   sub.Type == "boolean",
		Single:    !attribute.Multi || p.By != "",
	}
	if attribute.Returned == "never" || sub.Returned == "never" {
		out.WriteOnce, out.Hidden = true, true
	}
	if attribute.Mutability == "writeonly" || sub.Mutability == "writeonly" {
		out.WriteOnce, out.Hidden = true, true
	}
	for _, name := range t.profile.ReadOnly {
		if strings.EqualFold(name, path) || p.URN == "" && strings.EqualFold(name, p.Attr) {
			out.ReadOnly = true
		}
	}
	if slices.Contains(t.profile.Single, "*") || slices.Contains(t.profile.Single, p.Attr) {
		out.Single = true
	}
	if p.URN == "" && strings.EqualFold(p.Attr, "preferredLanguage") {
		out.Default = "und" // undetermined (RFC 5646 4.1), which Zitadel gives who has none
	}
	switch {
	case k == upload.User && p.String() == upload.KeyUserName, k == upload.Group && p.String() == upload.KeyDisplayName:
		out.Normal = upload.WithoutStore
	case p.URN == "" && strings.EqualFold(p.Attr, "phoneNumbers") && strings.EqualFold(p.Sub, "value"):
		out.Normal = phone
	case out.Boolean:
		out.Normal = strings.ToLower
	}
	return out
}

// phone is a number as its digits, with the plus in front if it has one: how
// many services keep it (RFC 3966 visual separators carry no meaning).
func phone(number string) string {
	var b strings.Builder
	for _, r := range strings.TrimPrefix(number, "tel:") { // RFC 3966
		switch {
		case r >= '0' && r <= '9', r == '+' && b.Len() == 0:
			b.WriteRune(r)
		case strings.ContainsRune(" -().\u00a0/", r):
		default:
			return strings.ToLower(strings.TrimSpace(number)) // an extension, or no number at all
		}
	}
	return b.String()
}

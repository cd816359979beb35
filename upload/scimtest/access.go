package scimtest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Users returns every living user as the service stores it, oldest first, quirks of display left aside. The maps
// are the caller's own.
func (s *Server) Users() []map[string]any { return s.all("User") }

// Groups returns every group with its members, oldest first.
func (s *Server) Groups() []map[string]any { return s.all("Group") }

// Devices returns every device, oldest first.
func (s *Server) Devices() []map[string]any { return s.all("Device") }

// Resources returns every resource of the named type, oldest first; nil if there is no such type.
func (s *Server) Resources(kind string) []map[string]any { return s.all(kind) }

func (s *Server) all(kind string) []map[string]any {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := s.kind(kind)
	if t == nil {
		return nil
	}
	var out []map[string]any
	for _, r := range s.data.tables[t].rows {
		out = append(out, s.stored(r))
	}
	return out
}

func (s *Server) kind(name string) *resourceType {
	for _, t := range s.types {
		if t.name == name {
			return t
		}
	}
	return nil
}

// stored is a resource in full, whatever the service shows of it.
func (s *Server) stored(r *resource) map[string]any {
	doc := r.attributes()
	doc["id"] = r.id
	doc["meta"] = map[string]any{"resourceType": r.kind.name, "version": r.etag(), "created": r.created, "lastModified": r.modified}
	if len(r.members) > 0 {
		var list []any
		if json.Unmarshal(s.membersJSON(r), &list) == nil {
			doc["members"] = list
		}
	}
	return doc
}

// User returns the user with this userName, in any case; nil if there is none.
func (s *Server) User(userName string) map[string]any {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.living(s.data.tables[s.kind("User")].userName[strings.ToLower(userName)])
}

// Group returns the first group with this displayName, in any case; nil if there is none.
func (s *Server) Group(displayName string) map[string]any {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if t := s.kind("Group"); t != nil {
		return s.living(s.data.tables[t].display[strings.ToLower(displayName)])
	}
	return nil
}

func (s *Server) living(found []*resource) map[string]any {
	for _, r := range found {
		if !r.deleted {
			return s.stored(r)
		}
	}
	return nil
}

// Resource returns a resource by id, soft-deleted ones too; nil if there is none.
func (s *Server) Resource(id string) map[string]any {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if r := s.data.byID[id]; r != nil {
		return s.stored(r)
	}
	return nil
}

// MemberIDs returns the ids of a group's members, sorted.
func (s *Server) MemberIDs(groupID string) []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if r := s.data.byID[groupID]; r != nil {
		ids := r.memberIDs()
		slices.Sort(ids)
		return ids
	}
	return nil
}

// Put stores resources as somebody else at the service would: past the quirks, the faults and the log. The kind is
// "User", "Group", "Device" or the name of an Options.Types entry; a document may carry an id and, for a group, members. It returns the ids in order.
func (s *Server) Put(kind string, docs ...map[string]any) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.kind(kind)
	if t == nil {
		return nil, fmt.Errorf("put a %s: the service has no such resource type", kind)
	}
	var ids []string
	for _, doc := range docs {
		r := &resource{kind: t}
		r.id, _ = doc["id"].(string)
		if s.data.byID[r.id] != nil {
			return ids, fmt.Errorf("put a %s: id %s is taken", kind, r.id)
		}
		if err := s.fill(r, doc); err != nil {
			return ids, err
		}
		s.data.insert(r, s.opts.Now())
		if err := s.fillMembers(r, doc); err != nil {
			return ids, err
		}
		ids = append(ids, r.id)
	}
	return ids, nil
}

// Seed stores n users user1@example.com .. as Put does, for tests that only need many.
func (s *Server) Seed(n int) ([]string, error) {
	docs := make([]map[string]any, n)
	for i := range docs {
		docs[i] = map[string]any{
			"userName": fmt.Sprintf("user%d@example.com", i+1), "externalId": fmt.Sprintf("seed:%d", i+1), "active": true,
			"displayName": fmt.Sprintf("User %d", i+1), "name": map[string]any{"givenName": "User", "familyName": fmt.Sprint(i + 1)},
			"emails": []any{map[string]any{"value": fmt.Sprintf("user%d@example.com", i+1), "type": "work", "primary": true}},
		}
	}
	return s.Put("User", docs...)
}

func (s *Server) fill(r *resource, doc map[string]any) error {
	attributes, err := s.conform(r.kind, roundTrip(doc))
	if err != nil {
		return fmt.Errorf("store a %s: %w", r.kind.name, err)
	}
	return r.set(attributes)
}

// roundTrip makes a deep copy with the types JSON decoding gives.
func roundTrip(doc map[string]any) map[string]any {
	out, _ := decoded(doc).(map[string]any)
	return out
}

// decoded copies a value; what is not of the types of decoded JSON goes through JSON.
func decoded(v any) any {
	switch v := v.(type) {
	case nil, bool, string, float64:
		return v
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, e := range v {
			out[name] = decoded(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = decoded(e)
		}
		return out
	}
	var out any
	if json.Unmarshal(quoted(v), &out) != nil {
		return nil
	}
	return out
}

func (s *Server) fillMembers(r *resource, doc map[string]any) error {
	ids, err := memberValues(roundTrip(doc)["members"])
	if err != nil || r.kind.name != "Group" {
		return err
	}
	wanted := make(map[string]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	for id := range r.members {
		if !wanted[id] {
			s.data.unlink(r, id)
		}
	}
	for _, id := range ids {
		s.data.link(r, id, false)
	}
	return nil
}

// Edit changes a resource as somebody else at the service would, and gives it a new version. change gets the stored
// attributes, members included.
func (s *Server) Edit(id string, change func(map[string]any)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.data.byID[id]
	if r == nil {
		return fmt.Errorf("edit %s: there is no such resource", id)
	}
	doc := s.stored(r)
	change(doc)
	attributes, err := s.conform(r.kind, roundTrip(doc))
	if err != nil {
		return fmt.Errorf("edit %s: %w", id, err)
	}
	if err := s.data.update(r, attributes, s.opts.Now()); err != nil {
		return err
	}
	return s.fillMembers(r, doc)
}

// Delete removes a resource for good, whatever DELETE does at this service.
func (s *Server) Delete(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.data.byID[id]
	if r == nil {
		return fmt.Errorf("delete %s: there is no such resource", id)
	}
	s.data.remove(r)
	return nil
}

// Dump returns the whole content as indented JSON without ids, versions and times, so that two services with the
// same content give the same text: resources are sorted by name, members and managers are named, not numbered.
func (s *Server) Dump() string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := map[string][]any{}
	for _, t := range s.types {
		rows := slices.Clone(s.data.tables[t].rows)
		slices.SortStableFunc(rows, func(a, b *resource) int {
			return strings.Compare(a.label()+a.keys.externalID, b.label()+b.keys.externalID)
		})
		for _, r := range rows {
			out[t.name] = append(out[t.name], s.named(r))
		}
	}
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return ""
	}
	return string(b) + "\n"
}

// label is what a person calls a resource.
func (r *resource) label() string {
	if r.keys.userName != "" {
		return r.keys.userName
	}
	return r.keys.displayName
}

// named is a resource with names where ids were.
func (s *Server) named(r *resource) map[string]any {
	doc := r.attributes()
	name := func(id string) string {
		if m := s.data.byID[id]; m != nil {
			return m.label()
		}
		return "unknown " + id
	}
	var members []string
	for id := range r.members {
		members = append(members, name(id))
	}
	if members != nil {
		slices.Sort(members)
		doc["members"] = members
	}
	if ext, ok := doc[EnterpriseSchema].(map[string]any); ok {
		if manager, ok := ext["manager"].(map[string]any); ok {
			if id, ok := manager["value"].(string); ok {
				manager["value"] = name(id)
			}
			delete(manager, "$ref")
			delete(manager, "displayName")
		}
	}
	return doc
}

// Fingerprint is a hash of Dump: equal for services with equal content.
func (s *Server) Fingerprint() string {
	sum := sha256.Sum256([]byte(s.Dump()))
	return hex.EncodeToString(sum[:])
}

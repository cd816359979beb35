package scimtest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// decodeObject reads a request body that must be one JSON object.
func decodeObject(body []byte) (map[string]any, error) {
	var m map[string]any
	if err := json.Unmarshal(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), &m); err != nil || m == nil {
		return nil, badRequest("invalidSyntax", "the body is no JSON object")
	}
	return m, nil
}

// decodeResource reads the body of a POST or PUT: the attributes as they will be stored, and the members.
func (s *Server) decodeResource(t *resourceType, body []byte, old *resource) (doc map[string]any, members []string, err error) {
	in, err := decodeObject(body)
	if err != nil {
		return nil, nil, err
	}
	if s.quirks().Enterprise == EnterpriseOld {
		delete(in, enterprise1) // as it was shown
	}
	if len(listOf(fold(in, "schemas"))) == 0 && !s.quirks().SchemasOptional {
		return nil, nil, badRequest("invalidSyntax", "schemas is missing")
	}
	if id, _ := fold(in, "id").(string); old != nil && s.quirks().PutNeedsID && id != old.id {
		return nil, nil, badRequest("invalidValue", "the body must have the id %s", old.id)
	}
	if doc, err = s.conform(t, in); err != nil {
		return nil, nil, err
	}
	if t.name == "Group" {
		if members, err = memberValues(fold(in, "members")); err != nil {
			return nil, nil, err
		}
		quirks := s.quirks()
		if len(members) > 0 && quirks.NoPostMembers {
			return nil, nil, badRequest("invalidValue", "members are changed by PATCH only")
		}
		if quirks.MaxPostMembers > 0 && len(members) > quirks.MaxPostMembers {
			return nil, nil, badRequest("invalidValue", "at most %d members", quirks.MaxPostMembers)
		}
	}
	if err := s.admit(t, doc, in, old == nil); err != nil {
		return nil, nil, err
	}
	s.rewrite(t, doc, old)
	return doc, members, nil
}

// create answers POST (RFC 7644, section 3.3).
func (s *Server) create(q *request, t *resourceType) (answer, error) {
	doc, members, err := s.decodeResource(t, q.body, nil)
	if err != nil {
		return answer{}, err
	}
	if extension, ok := fold(doc, EnterpriseSchema).(map[string]any); ok && fold(extension, "manager") != nil {
		switch s.quirks().PostManager {
		case PostManagerRefused:
			return answer{}, badRequest("invalidValue", "a manager is set by PATCH only")
		case PostManagerDropped:
			delete(extension, "manager")
		}
	}
	r := &resource{kind: t}
	if err := r.set(doc); err != nil {
		return answer{}, err
	}
	show := parseProjection(t, q.query.Get("attributes"), q.query.Get("excludedAttributes"))
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.clash(t, r.keys, nil); other != nil {
		if !s.yields(other, t) {
			return answer{}, &failure{http.StatusConflict, "uniqueness", t.name + " exists already"}
		}
		if err := s.data.update(other, doc, s.opts.Now()); err != nil {
			return answer{}, err
		}
		other.deleted = false
		s.data.show(other)
		return s.resourceAnswer(http.StatusCreated, other, show), nil
	}
	if s.quirks().PostMembersDropped {
		members = nil
	}
	edit := memberEdit{server: s, group: r}
	if err := edit.add(members); err != nil {
		return answer{}, err
	}
	s.data.insert(r, s.opts.Now())
	edit.commit()
	return s.resourceAnswer(http.StatusCreated, r, show), nil
}

// yields says whether a POST that meets an existing user changes that user instead of failing.
func (s *Server) yields(other *resource, t *resourceType) bool {
	quirks := s.quirks()
	switch {
	case t.name != "User":
		return false
	case other.deleted:
		return quirks.Revive == ReviveByPost
	}
	return quirks.PostTakesOver || quirks.PostLinks && other.keys.externalID == ""
}

// clash finds the resource that has a value which must be unique.
func (s *Server) clash(t *resourceType, k indexKeys, self *resource) *resource {
	quirks, table := s.quirks(), s.data.tables[t]
	other := func(found []*resource, same func(*resource) bool) *resource {
		for _, r := range found {
			if r != self && (same == nil || same(r)) {
				return r
			}
		}
		return nil
	}
	if k.userName != "" {
		var same func(*resource) bool
		if quirks.CaseSensitiveNames {
			same = func(r *resource) bool { return r.keys.userName == k.userName }
		}
		if r := other(table.userName[strings.ToLower(k.userName)], same); r != nil {
			return r
		}
	}
	if t.name == "Group" && quirks.UniqueDisplayName {
		if r := other(table.display[strings.ToLower(k.displayName)], nil); r != nil {
			return r
		}
	}
	if quirks.UniqueExternalID && k.externalID != "" {
		return other(table.externalID[k.externalID], nil)
	}
	return nil
}

// find returns a resource by the id of the path, as long as it can be reached at all. The lock is held.
func (s *Server) find(t *resourceType, id, method string) (*resource, error) {
	r := s.data.byID[id]
	if s.quirks().ExternalIDInPath && t.name == "User" {
		if found := s.data.tables[t].externalID[id]; len(found) > 0 {
			r = found[0]
		}
	}
	quirks := s.quirks()
	if r != nil && r.kind == t {
		reachable := !r.deleted || quirks.Revive == ReviveByPatch && method == http.MethodPatch
		if method == http.MethodGet {
			reachable = s.listed(r)
		}
		if reachable {
			return r, nil
		}
	}
	return nil, fail(http.StatusNotFound, "%s %s not found", t.name, id)
}

// get answers GET of one resource (RFC 7644, section 3.4.1).
func (s *Server) get(q *request, t *resourceType, id string) (answer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, err := s.find(t, id, q.method)
	if err != nil {
		return answer{}, err
	}
	if !s.quirks().NoETags && slices.Contains(entityTags(q.header.Get("If-None-Match")), r.etag()) {
		a := answer{status: http.StatusNotModified}
		a.set("ETag", r.etag())
		return a, nil
	}
	a := s.resourceAnswer(http.StatusOK, r, parseProjection(t, q.query.Get("attributes"), q.query.Get("excludedAttributes")))
	if s.quirks().SingleAsList {
		a.body = append(append([]byte(`{"totalResults":1,"Resources":[`), a.body...), "]}"...)
	}
	return a, nil
}

// precondition checks If-Match (RFC 7644, section 3.14).
func (s *Server) precondition(q *request, r *resource) error {
	quirks := s.quirks()
	want := q.header.Get("If-Match")
	if want == "" || want == "*" || quirks.NoETags || quirks.IgnoreIfMatch || slices.Contains(entityTags(want), r.etag()) {
		return nil
	}
	return fail(http.StatusPreconditionFailed, "the resource has changed, its version is %s", r.etag())
}

func entityTags(header string) []string {
	var out []string
	for tag := range strings.SplitSeq(header, ",") {
		out = append(out, strings.TrimSpace(tag))
	}
	return out
}

// replace answers PUT (RFC 7644, section 3.5.1): what is not sent is gone.
func (s *Server) replace(q *request, t *resourceType, id string) (answer, error) {
	quirks := s.quirks()
	if t.name == "User" && quirks.NoPut || t.name == "Group" && quirks.NoGroupPut {
		return answer{}, fail(http.StatusMethodNotAllowed, "PUT is not supported")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(t, id, q.method)
	if err != nil {
		return answer{}, err
	}
	if err := s.precondition(q, r); err != nil {
		return answer{}, err
	}
	body := q.body
	if quirks.PutMerges && t.name == "User" {
		body = merged(body, r.attributes())
	}
	doc, members, err := s.decodeResource(t, body, r)
	if err != nil {
		return answer{}, err
	}
	if s.clash(t, keysOf(doc), r) != nil {
		return answer{}, &failure{http.StatusConflict, "uniqueness", "another " + t.name + " has this name"}
	}
	edit := memberEdit{server: s, group: r}
	edit.clear()
	if err := edit.add(members); err != nil {
		return answer{}, err
	}
	if err := s.data.update(r, doc, s.opts.Now()); err != nil {
		return answer{}, err
	}
	edit.commit()
	return s.resourceAnswer(http.StatusOK, r, parseProjection(t, q.query.Get("attributes"), q.query.Get("excludedAttributes"))), nil
}

// delete answers DELETE (RFC 7644, section 3.6).
func (s *Server) delete(q *request, t *resourceType, id string) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(t, id, q.method)
	if err != nil {
		return answer{}, err
	}
	if err := s.precondition(q, r); err != nil {
		return answer{}, err
	}
	kind := s.quirks().Delete
	if t.name != "User" {
		kind = DeleteHard
	}
	switch kind {
	case DeleteHard:
		s.data.remove(r)
	case DeleteRefused:
		return answer{}, fail(http.StatusMethodNotAllowed, "DELETE is not supported")
	default:
		doc := r.attributes()
		doc["active"] = false
		if err := s.data.update(r, doc, s.opts.Now()); err != nil {
			return answer{}, err
		}
		if kind == DeleteSoft {
			r.deleted = true
			s.data.hide(r)
			for _, g := range slices.Clone(s.data.groups[r.id]) {
				s.data.unlink(g, r.id)
			}
		}
	}
	return answer{status: http.StatusNoContent}, nil
}

// resourceAnswer answers with a resource. The lock is held.
func (s *Server) resourceAnswer(status int, r *resource, show projection) answer {
	a := answer{status: status, body: s.render(nil, r, show)}
	if !s.quirks().NoETags {
		a.set("ETag", r.etag())
	}
	switch s.quirks().Location {
	case LocationMissing:
	case LocationStray:
		a.set("Location", s.URL()+r.kind.endpoint+"/")
	default:
		a.set("Location", s.location(r))
	}
	if status == http.StatusCreated && s.quirks().NoCreateBody {
		a.body = nil
	}
	return a
}

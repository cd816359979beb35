package scimtest

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

const patchSchema = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

// patchOp is one operation of a PATCH body (RFC 7644, section 3.5.2).
type patchOp struct {
	Op    string
	Path  string
	Value any
}

// patchPath is a PATCH path: an attribute path with an optional value filter. whole is a path that names an
// extension and no attribute of it.
type patchPath struct {
	attrPath
	filter filterNode
	whole  *Schema
}

func parsePatchPath(t *resourceType, text string) (patchPath, error) {
	if ext := t.extension(text); ext != nil {
		return patchPath{whole: ext}, nil
	}
	var p patchPath
	head, tail := text, ""
	if i := strings.IndexByte(text, '['); i >= 0 {
		j := strings.LastIndexByte(text, ']')
		if j < i {
			return p, badRequest("invalidPath", "%q: ] is missing", text)
		}
		head, tail = text[:i], text[j+1:]
		filter, err := parseFilter(text[i+1 : j])
		if err != nil {
			return p, badRequest("invalidFilter", "%v", err)
		}
		p.filter = filter
	}
	path, err := parseAttrPath(head)
	if err != nil {
		return p, badRequest("invalidPath", "%v", err)
	}
	p.attrPath = path
	if tail != "" {
		sub, ok := strings.CutPrefix(tail, ".")
		if !ok || p.sub != "" || sub == "" {
			return p, badRequest("invalidPath", "%q cannot follow a value filter", tail)
		}
		p.sub = sub
	}
	return p, nil
}

// patch answers PATCH (RFC 7644, section 3.5.2): all operations or none.
func (s *Server) patch(q *request, t *resourceType, id string) (answer, error) {
	ops, err := decodePatch(q.body)
	if err != nil {
		return answer{}, err
	}
	quirks := s.quirks()
	if quirks.PatchPlain && len(q.query) > 0 {
		return answer{}, badRequest("invalidValue", "PATCH takes no parameters")
	}
	if quirks.MaxPatchOperations > 0 && len(ops) > quirks.MaxPatchOperations {
		return answer{}, badRequest("invalidValue", "more than %d operations", quirks.MaxPatchOperations)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(t, id, q.method)
	if err != nil {
		return answer{}, err
	}
	if done, err := patchKind(quirks, t, ops); err != nil || done {
		return answer{status: http.StatusNoContent}, err
	}
	if err := s.precondition(q, r); err != nil {
		return answer{}, err
	}
	p := &patcher{s: s, t: t, doc: r.attributes(), members: memberEdit{server: s, group: r}}
	for _, op := range ops {
		if err := p.apply(op); err != nil {
			return answer{}, err
		}
	}
	if quirks.PatchReplaces && t.name == "User" {
		p.keepNamed()
	}
	version := r.version
	if err := s.finishPatch(r, p, len(ops)); err != nil {
		return answer{}, err
	}
	status := quirks.PatchStatus
	if r.version == version && quirks.UnchangedStatus != 0 {
		status = quirks.UnchangedStatus
	}
	if status == http.StatusNoContent {
		a := answer{status: http.StatusNoContent}
		if !quirks.NoETags {
			a.set("ETag", r.etag())
		}
		return a, nil
	}
	a := s.resourceAnswer(http.StatusOK, r, parseProjection(t, q.query.Get("attributes"), q.query.Get("excludedAttributes")))
	if quirks.NoPatchBody {
		a.body = []byte("{}")
	}
	return a, nil
}

func decodePatch(body []byte) ([]patchOp, error) {
	var in struct {
		Schemas    []string
		Operations []patchOp
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, badRequest("invalidSyntax", "the body is no PatchOp: %v", err)
	}
	if !slices.Contains(in.Schemas, patchSchema) || len(in.Operations) == 0 {
		return nil, badRequest("invalidSyntax", "a PATCH needs the schema %s and operations", patchSchema)
	}
	return in.Operations, nil
}

// patchKind applies the limits of services that patch little or nothing; done means there is nothing left to do.
func patchKind(quirks *Quirks, t *resourceType, ops []patchOp) (done bool, err error) {
	switch quirks.Patch {
	case PatchOff:
		return false, fail(http.StatusNotImplemented, "PATCH is not supported")
	case PatchRefused:
		return false, badRequest("invalidSyntax", "unknown operation")
	case PatchMissing:
		return false, fail(http.StatusNotFound, "no such route")
	case PatchNoUsers:
		if t.name == "User" {
			return false, fail(http.StatusMethodNotAllowed, "PATCH is not supported")
		}
	case PatchLies:
		return t.name == "User", nil
	case PatchNothing:
		return true, nil
	case PatchActiveOnly:
		if t.name != "User" {
			return false, nil
		}
		for _, op := range ops {
			if !onlyActive(op) {
				return false, activeOnly()
			}
		}
	}
	return false, nil
}

func onlyActive(op patchOp) bool {
	allowed := func(name string) bool {
		return strings.EqualFold(name, "active") || strings.EqualFold(name, "externalId") || strings.EqualFold(name, "id")
	}
	if op.Path != "" {
		return allowed(op.Path)
	}
	m, _ := op.Value.(map[string]any)
	for name := range m {
		if !allowed(name) {
			return false
		}
	}
	return true
}

// finishPatch checks the outcome and stores it. A PATCH that changes nothing keeps the version.
func (s *Server) finishPatch(r *resource, p *patcher, ops int) error {
	if err := p.members.checkLimits(p.memberOps, ops); err != nil {
		return err
	}
	if err := s.admit(r.kind, p.doc, nil, false); err != nil {
		return err
	}
	s.rewrite(r.kind, p.doc, r)
	if s.clash(r.kind, keysOf(p.doc), r) != nil {
		return &failure{http.StatusConflict, "uniqueness", "another " + r.kind.name + " has this name"}
	}
	now := s.opts.Now()
	changed := !reflect.DeepEqual(p.doc, r.attributes())
	if changed {
		if err := s.data.update(r, p.doc, now); err != nil {
			return err
		}
	}
	if p.members.commit() && !changed {
		s.data.touch(r, now)
	}
	if r.deleted && r.active {
		r.deleted = false
		s.data.show(r)
	}
	return nil
}

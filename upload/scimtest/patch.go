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
	if err := s.finishPatch(r, p, len(ops)); err != nil {
		return answer{}, err
	}
	if quirks.PatchStatus == http.StatusNoContent {
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
	case PatchNoUsers:
		if t.name == "User" {
			return false, fail(http.StatusMethodNotAllowed, "PATCH is not supported")
		}
	case PatchLies:
		return t.name == "User", nil
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

// patcher applies operations to a copy of the attributes.
type patcher struct {
	s         *Server
	t         *resourceType
	doc       map[string]any
	members   memberEdit
	memberOps int
}

func (p *patcher) apply(op patchOp) error {
	verb := strings.ToLower(op.Op)
	if verb != "add" && verb != "replace" && verb != "remove" {
		return badRequest("invalidSyntax", "%q is no operation", op.Op)
	}
	if op.Path != "" {
		return p.applyPath(verb, op.Path, op.Value)
	}
	if verb == "remove" {
		return badRequest("noTarget", "remove needs a path")
	}
	if p.s.quirks().NoPathlessPatch {
		return badRequest("invalidPath", "an operation needs a path")
	}
	m, ok := op.Value.(map[string]any)
	if !ok {
		return badRequest("invalidValue", "an operation without a path needs an object")
	}
	for name, v := range m {
		switch strings.ToLower(name) {
		case "schemas", "id", "meta", "password":
			continue
		}
		if err := p.applyPath(verb, name, v); err != nil {
			return err
		}
	}
	return nil
}

func (p *patcher) applyPath(verb, text string, value any) error {
	path, err := parsePatchPath(p.t, text)
	if err != nil {
		return err
	}
	if path.whole != nil {
		return p.applyExtension(verb, path.whole, value)
	}
	if p.t.name == "Group" && strings.EqualFold(path.attr, "members") {
		p.memberOps++
		return p.members.apply(verb, path, value)
	}
	if strings.EqualFold(path.attr, "password") && path.urn == "" {
		return nil
	}
	whole := p.t.definition(attrPath{urn: path.urn, attr: path.attr})
	def := whole
	if path.sub != "" {
		def = whole.sub(path.sub)
	}
	if def == nil {
		return p.applyUnknown(verb, path, value)
	}
	if whole.Mutability == "readOnly" || def.Mutability == "readOnly" {
		return &failure{http.StatusBadRequest, "mutability", path.String() + " is read-only"}
	}
	if whole.Name == "manager" && verb != "remove" {
		if ignored, err := p.managerForm(path, value); ignored || err != nil {
			return err
		}
	}
	box := p.box(path.urn, verb != "remove")
	if box == nil {
		return nil
	}
	if value == nil && path.filter == nil {
		verb = "remove"
	}
	switch {
	case path.filter != nil:
		err = p.applyFiltered(verb, box, whole, path, value)
	case path.sub != "":
		err = p.applySub(verb, box, whole, def, value)
	default:
		err = p.applyWhole(verb, box, whole, value)
	}
	p.dropEmpty(path.urn)
	return err
}

// applyExtension takes an operation on a whole extension apart.
func (p *patcher) applyExtension(verb string, ext *Schema, value any) error {
	if verb == "remove" {
		delete(p.doc, ext.ID)
		return nil
	}
	m, ok := value.(map[string]any)
	if !ok {
		return badRequest("invalidValue", "%s must be an object", ext.ID)
	}
	for name, v := range m {
		if err := p.applyPath(verb, ext.ID+":"+name, v); err != nil {
			return err
		}
	}
	return nil
}

func (p *patcher) applyUnknown(verb string, path patchPath, value any) error {
	if p.s.quirks().UnknownAttributes != UnknownStored || path.filter != nil || path.sub != "" {
		return badRequest("invalidPath", "no attribute %s", path.attrPath)
	}
	if verb == "remove" || value == nil {
		delete(p.doc, path.String())
	} else {
		p.doc[path.String()] = value
	}
	return nil
}

// managerForm applies what a service takes as a manager.
func (p *patcher) managerForm(path patchPath, value any) (ignored bool, err error) {
	_, object := value.(map[string]any)
	refused := false
	switch p.s.quirks().Manager {
	case ManagerObject:
		refused = !object
	case ManagerString:
		ignored = object
	case ManagerValuePath:
		refused = path.sub != "value"
	}
	if refused {
		err = badRequest("noTarget", "the manager cannot be set in this form")
	}
	return ignored, err
}

// box is the object that holds an attribute: the resource, or an extension made on demand.
func (p *patcher) box(urn string, create bool) map[string]any {
	ext := p.t.extension(urn)
	if ext == nil {
		return p.doc
	}
	m, _ := p.doc[ext.ID].(map[string]any)
	if m == nil && create {
		m = map[string]any{}
		p.doc[ext.ID] = m
	}
	return m
}

func (p *patcher) dropEmpty(urn string) {
	if ext := p.t.extension(urn); ext != nil {
		if m, ok := p.doc[ext.ID].(map[string]any); ok && len(m) == 0 {
			delete(p.doc, ext.ID)
		}
	}
}

// applyWhole works on an attribute as a whole.
func (p *patcher) applyWhole(verb string, box map[string]any, def *Attribute, value any) error {
	if verb == "remove" {
		delete(box, def.Name)
		return nil
	}
	if m, ok := value.(map[string]any); ok && def.Type == "complex" && !def.MultiValued {
		return p.merge(box, def, m)
	}
	v, err := p.s.conformValue(def, value)
	if err != nil {
		return err
	}
	if v == nil {
		if verb == "replace" {
			delete(box, def.Name)
		}
		return nil
	}
	if verb == "add" && def.MultiValued {
		v = addValues(listOf(box[def.Name]), listOf(v))
	}
	box[def.Name] = v
	return nil
}

// merge sets the given sub-attributes of a complex attribute and leaves the others; null takes one away.
func (p *patcher) merge(box map[string]any, def *Attribute, m map[string]any) error {
	inner, _ := box[def.Name].(map[string]any)
	if inner == nil {
		inner = map[string]any{}
	}
	v, err := p.s.conformComplex(def, m)
	if err != nil {
		return err
	}
	for name, given := range m {
		if sub := def.sub(name); sub != nil && given == nil {
			delete(inner, sub.Name)
		}
	}
	if set, ok := v.(map[string]any); ok {
		for name, given := range set {
			inner[name] = given
		}
	}
	if len(inner) == 0 {
		delete(box, def.Name)
		return nil
	}
	box[def.Name] = inner
	return nil
}

// applySub works on a sub-attribute: of a complex attribute, or of every value of a multi-valued one.
func (p *patcher) applySub(verb string, box map[string]any, whole, def *Attribute, value any) error {
	if !whole.MultiValued {
		inner, _ := box[whole.Name].(map[string]any)
		if inner == nil {
			inner = map[string]any{}
		}
		if err := p.applyWhole(verb, inner, def, value); err != nil {
			return err
		}
		if box[whole.Name] = inner; len(inner) == 0 {
			delete(box, whole.Name)
		}
		return nil
	}
	list := listOf(box[whole.Name])
	if len(list) == 0 && verb == "add" {
		list = []any{map[string]any{}}
		box[whole.Name] = list
	}
	return p.eachSub(verb, list, def, value)
}

func (p *patcher) eachSub(verb string, list []any, def *Attribute, value any) error {
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			if err := p.applyWhole(verb, m, def, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// applyFiltered works on the values a filter selects.
func (p *patcher) applyFiltered(verb string, box map[string]any, whole *Attribute, path patchPath, value any) error {
	list := listOf(box[whole.Name])
	var hit, rest []any
	for _, e := range list {
		if m, ok := e.(map[string]any); ok && matchesElement(path.filter, whole, m) {
			hit = append(hit, e)
		} else {
			rest = append(rest, e)
		}
	}
	if len(hit) == 0 && verb != "remove" {
		made, err := p.newElement(verb, path)
		if err != nil {
			return err
		}
		hit, list = []any{made}, append(list, made)
	}
	switch {
	case path.sub != "":
		if sub := whole.sub(path.sub); sub.Name == "primary" && value == true {
			demote(list)
		}
		if err := p.eachSub(verb, hit, whole.sub(path.sub), value); err != nil {
			return err
		}
	case verb == "remove":
		list = rest
	default:
		one := *whole
		one.MultiValued = false
		m, ok := value.(map[string]any)
		if !ok {
			return badRequest("invalidValue", "%s takes an object here", path.attrPath)
		}
		for _, e := range hit {
			if err := p.merge(map[string]any{whole.Name: e}, &one, m); err != nil {
				return err
			}
		}
	}
	if box[whole.Name] = list; len(list) == 0 {
		delete(box, whole.Name)
	}
	return nil
}

// newElement makes the value that a filter describes, for an add that finds none.
func (p *patcher) newElement(verb string, path patchPath) (map[string]any, error) {
	if verb == "replace" || p.s.quirks().AddNeedsTarget {
		return nil, badRequest("noTarget", "no value of %s fits the filter", path.attr)
	}
	made := map[string]any{}
	var collect func(filterNode) bool
	collect = func(n filterNode) bool {
		switch n := n.(type) {
		case filterCompare:
			made[n.path.attr] = n.value
			return n.op == "eq"
		case filterAnd:
			return collect(n.left) && collect(n.right)
		}
		return false
	}
	if !collect(path.filter) {
		return nil, badRequest("noTarget", "no value of %s fits the filter", path.attr)
	}
	return made, nil
}

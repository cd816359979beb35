package scimtest

import (
	"net/http"
	"strings"
)

// patcher applies operations to a copy of the attributes.
type patcher struct {
	s         *Server
	t         *resourceType
	doc       map[string]any
	members   memberEdit
	memberOps int
	named     map[attrPath]bool // attributes that operations were about
}

// keepNamed takes away what no operation was about, but for the userName.
func (p *patcher) keepNamed() {
	for name, v := range p.doc {
		ext := p.t.extension(name)
		if ext == nil && !p.named[attrPath{attr: name}] && name != "userName" {
			delete(p.doc, name)
		}
		inner, _ := v.(map[string]any)
		for sub := range inner {
			if ext != nil && !p.named[attrPath{urn: ext.ID, attr: sub}] {
				delete(inner, sub)
			}
		}
		p.dropEmpty(name)
	}
}

func (p *patcher) apply(op patchOp) error {
	verb := strings.ToLower(op.Op)
	if verb != "add" && verb != "replace" && verb != "remove" {
		return badRequest("invalidSyntax", "%q is no operation", op.Op)
	}
	if status := p.s.quirks().OnlyReplace; status != 0 && verb != "replace" {
		return fail(status, "%s is not supported", verb)
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
	if p.named == nil {
		p.named = map[attrPath]bool{}
	}
	about := attrPath{attr: whole.Name}
	if ext := p.t.extension(path.urn); ext != nil {
		about.urn = ext.ID
	}
	p.named[about] = true
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
	const refusal = "the manager cannot be set in this form"
	switch form := p.s.quirks().Manager; {
	case form == ManagerObject && path.sub != "":
		return false, badRequest("noTarget", refusal)
	case form == ManagerObject && !object, form == ManagerValuePath && path.sub != "value":
		return false, badRequest("invalidValue", refusal)
	}
	return object && p.s.quirks().Manager == ManagerString, nil
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
	if quirks := p.s.quirks(); verb == "replace" && !quirks.ReplaceMakes || quirks.AddNeedsTarget {
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

package ldaptest

import "slices"

// link ties the DN values of an attribute to the entries they name. Primary
// group membership is kept in primaryGroupID only, so such a member is dropped.
func (d *Directory) link(e *entry, a *attribute) {
	kept := a.links[:0]
	for _, l := range a.links {
		l.target = d.entries[l.key]
		if l.target != nil && a.typ.key == "member" && isPrimaryGroup(l.target, e) {
			continue
		}
		if l.target != nil {
			l.target.back = append(l.target.back, backLink{e, a.typ})
		} else {
			if d.dangling[l.key] == nil {
				d.dangling[l.key] = map[*entry]struct{}{}
			}
			d.dangling[l.key][e] = struct{}{}
		}
		kept = append(kept, l)
	}
	a.links = kept
}

// unlink undoes link.
func (d *Directory) unlink(e *entry, a *attribute) {
	for i := range a.links {
		l := &a.links[i]
		if l.target == nil {
			delete(d.dangling[l.key], e)
			continue
		}
		at := slices.Index(l.target.back, backLink{e, a.typ})
		if at >= 0 {
			l.target.back = slices.Delete(l.target.back, at, at+1)
		}
		l.key, l.dn, l.target = l.target.key, l.target.dn, nil
	}
}

// untied returns a copy of links by the current names of their targets.
func untied(links []link) []link {
	copied := slices.Clone(links)
	for i := range copied {
		copied[i] = link{dn: links[i].String(), key: links[i].canonical()}
	}
	return copied
}

// adopt ties the links that waited for an entry of this name.
func (d *Directory) adopt(e *entry) {
	waiting := d.dangling[e.key]
	delete(d.dangling, e.key)
	for source := range waiting {
		for i := range source.attrs {
			a := &source.attrs[i]
			if slices.ContainsFunc(a.links, func(l link) bool { return l.target == nil && l.key == e.key }) {
				d.unlink(source, a)
				d.link(source, a)
			}
		}
	}
}

// dropLinksTo removes every value that names e, as AD does when e is deleted.
func (d *Directory) dropLinksTo(e *entry) {
	for _, back := range e.back {
		for i := range back.source.attrs {
			a := &back.source.attrs[i]
			a.links = slices.DeleteFunc(a.links, func(l link) bool { return l.target == e })
		}
		back.source.attrs = slices.DeleteFunc(back.source.attrs, func(a attribute) bool { return a.empty() })
	}
	e.back = nil
}

// linkedBy returns the names of the entries that link to e with a type whose
// back link is the given one.
func (e *entry) linkedBy(back string) []link {
	var links []link
	for _, b := range e.back {
		if b.typ.back == back {
			links = append(links, link{target: b.source})
		}
	}
	return links
}

func isPrimaryGroup(member, group *entry) bool {
	id := member.text("primarygroupid")
	return id != "" && id == rid([]byte(group.text("objectsid")))
}

package modeltest

import (
	"slices"
	"strings"

	"adsync/ldapsrc/directory"
)

// comeAndGo is what happens by the second rules.
func (w *world) comeAndGo(p *person) {
	renames := w.profile != "google" // nobody can be found there who has another name than before
	switch what := w.roll(8); {
	case what == 0 && len(w.left) > 0:
		i := w.roll(len(w.left))
		back := w.left[i]
		w.left = slices.Delete(w.left, i, i+1)
		if taken := w.named(back.attributes["uid"]); taken != nil || renames && w.roll(3) == 0 {
			if !renames {
				return
			}
			back.attributes["uid"] = w.freshLogin()
		}
		w.people = append(w.people, back)
		w.note("%s is back as %s in %s", back.attributes["uid"], back.anchor, back.source)
	case what == 1 && len(w.closed) > 0:
		i := w.roll(len(w.closed))
		back := w.closed[i]
		w.closed = slices.Delete(w.closed, i, i+1)
		w.crews = append(w.crews, back)
		w.note("%s is founded again in %s", back.name, back.source)
	case what <= 3 && len(w.sources) > 1:
		p.source = w.otherThan(p.source)
		w.note("%s goes to %s", p.attributes["uid"], p.source)
	case what == 4 && len(w.sources) > 1 && len(w.crews) > 0:
		c := pick(w, w.crews)
		c.source = w.otherThan(c.source)
		w.note("%s goes to %s", c.name, c.source)
	case what == 5 && len(w.crews) > 1 && renames:
		c, d := pick(w, w.crews), pick(w, w.crews)
		c.name, d.name = d.name, c.name
		w.note("%s and %s swap names", c.name, d.name)
	case what == 6 && len(w.crews) > 1:
		c, d := pick(w, w.crews), pick(w, w.crews)
		if c != d {
			c.inside[d.anchor] = !c.inside[d.anchor]
			w.note("%s is in %s %t", d.name, c.name, c.inside[d.anchor])
		}
	default:
		q := pick(w, w.people)
		p.manager, q.manager = q.anchor, p.anchor
		w.note("%s and %s manage each other", p.attributes["uid"], q.attributes["uid"])
	}
}

func (w *world) otherThan(source string) string {
	if source == w.sources[0] {
		return w.sources[1]
	}
	return w.sources[0]
}

func (w *world) named(login string) *person {
	for _, p := range w.people {
		if strings.EqualFold(p.attributes["uid"], login) {
			return p
		}
	}
	return nil
}

// presence is what the directory of a source knows of entries that the source
// does not hold: all sources are parts of one directory.
func (w *world) presence(anchors []directory.Anchor) map[directory.Anchor]directory.Presence {
	out := map[directory.Anchor]directory.Presence{}
	for _, a := range anchors {
		out[a] = directory.Presence{}
		if p := w.person(a); p != nil {
			out[a] = directory.Presence{Found: true, Active: p.active, Why: "not below any of users.base"}
		}
		for _, c := range w.crews {
			if c.anchor == a {
				out[a] = directory.Presence{Found: true, Active: true, Why: "not below any of groups.base"}
			}
		}
	}
	return out
}

package modeltest

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"

	"adsync/ldapsrc/directory"
	"adsync/upload"
	"adsync/upload/scimtest"
)

// A world is a directory of one or two sources, a service, and all that the
// test knows of them.
type world struct {
	seed   uint64
	rules  rules
	round  int
	random *rand.Rand
	log    []string

	sources []string
	people  []*person
	crews   []*crew
	left    []*person // who may come back
	closed  []*crew   // dissolved, and may be founded again
	anchors int
	policy  upload.Policy

	profile   string
	quirks    scimtest.Quirks
	tokens    bool // credentials are access tokens, which end
	server    *scimtest.Server
	intruded  sync.Map // ids of users that somebody changed in the midst of a run
	transport *http.Transport
	width     int
}

// A person is a user of the directory.
type person struct {
	anchor     directory.Anchor
	source     string
	attributes map[string]string
	active     bool
	manager    directory.Anchor
}

// A crew is a group of the directory.
type crew struct {
	anchor  directory.Anchor
	source  string
	name    string
	members map[directory.Anchor]bool
	inside  map[directory.Anchor]bool // groups that are members
}

// rules say what happens in a world. What is added later happens by new rules,
// so that a seed goes on telling the story for which it was written down.
type rules int

const (
	firstRules rules = iota + 1
	// comings and goings between sources, returns, swaps of groups, groups in
	// groups; pages that become shorter, tokens that end, credentials that are
	// refused
	secondRules
	// values that a service drops or folds, changes of letter case, lists that
	// begin with 0 or are 404 when empty, groups that do not show in groups
	thirdRules
	// services that take no members with a new group
	fourthRules
	// PATCH that is refused, takes the first of several or everybody, or makes
	// what it does not find; externalIds that are cut off
	fifthRules
	// requests and answers of an odd form: parts of attributes that cannot be
	// asked for, members shown by reference, answers without a body
	sixthRules
	lastRules = sixthRules
)

func newWorld(seed uint64, by rules) *world {
	w := &world{seed: seed, rules: by, random: rand.New(rand.NewPCG(seed, 11)), transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	w.sources = []string{"corp"}
	if w.roll(3) == 0 {
		w.sources = append(w.sources, "labs")
	}
	w.width = 1
	if wide := 1 + 3*w.roll(2); *wideWorlds {
		w.width = wide
	}
	actions := []upload.Action{upload.Keep, upload.Off, upload.Off, upload.Remove}
	w.policy = upload.Policy{
		UserDisabled: pick(w, actions), UserGone: pick(w, actions),
		GroupGone: pick(w, []upload.Action{upload.Keep, upload.Remove}), Adopt: w.roll(4) > 0,
	}
	if w.rules >= secondRules {
		w.tokens = w.roll(3) == 0
	}
	for range 2 + w.roll(8) {
		w.hire()
	}
	for range w.roll(4) {
		w.found()
	}
	return w
}

func (w *world) close() {
	w.transport.CloseIdleConnections()
	if w.server != nil {
		w.server.Close()
	}
}

func (w *world) roll(n int) int { return w.random.IntN(n) }

func pick[T any](w *world, from []T) T { return from[w.roll(len(from))] }

func (w *world) note(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf("%d: ", w.round)+fmt.Sprintf(format, args...))
}

func (w *world) title() string {
	return fmt.Sprintf("seed %d, profile %s, policy %+v, %d sources, width %d", w.seed, w.profile, w.policy, len(w.sources), w.width)
}

func (w *world) story() string {
	var odd []string
	for _, field := range strings.Fields(fmt.Sprintf("%+v", w.quirks)) {
		if _, value, ok := strings.Cut(field, ":"); ok && value != "false" && value != "0" && value != "[]" && value != "" {
			odd = append(odd, field)
		}
	}
	return w.title() + "\nquirks " + strings.Join(odd, " ") + "\n" + strings.Join(w.log, "\n")
}

func (w *world) newAnchor() directory.Anchor {
	w.anchors++
	return directory.Anchor(fmt.Sprintf("%08x-0000-4000-8000-%012x", w.roll(1<<30), w.anchors))
}

// The names of people, few enough to collide.
var logins = []string{"ada", "bob", "cay", "dee", "eve", "Zoë", "o'neil", "kim lee", "max+1", "ivy", "jon", "lou", "mia", "ned"}

var titles = []string{"", "Engineer", "Lead", `He said "no" \ yes`, "Größe", "a<b>&c", " padded ", "x"}

func (w *world) freshLogin() string {
	for range 20 {
		name := pick(w, logins) + "@example.com"
		if !slices.ContainsFunc(w.people, func(p *person) bool { return strings.EqualFold(p.attributes["uid"], name) }) {
			return name
		}
	}
	return fmt.Sprintf("user%d@example.com", w.roll(1000))
}

func (w *world) hire() {
	name := w.freshLogin()
	if w.roll(25) == 0 {
		name = pick(w, logins) + "@example.com" // whoever has it
	}
	p := &person{anchor: w.newAnchor(), source: pick(w, w.sources), active: w.roll(6) > 0, attributes: map[string]string{
		"uid": name, "givenName": "Given", "sn": "Family", "displayName": "Display " + name, "mail": name,
		"title": pick(w, titles), "mobile": pick(w, []string{"", "+1 555 0100", "+49 30 1234"}), "department": pick(w, []string{"", "R&D", "Sales"}),
	}}
	if len(w.people) > 0 && w.roll(2) == 0 {
		p.manager = pick(w, w.people).anchor
	}
	w.people = append(w.people, p)
	w.note("hire %s as %s in %s, active %t", name, p.anchor, p.source, p.active)
}

func (w *world) found() {
	c := &crew{anchor: w.newAnchor(), source: pick(w, w.sources), members: map[directory.Anchor]bool{}, inside: map[directory.Anchor]bool{}}
	c.name = fmt.Sprintf("Crew %d", w.anchors)
	for _, p := range w.people {
		if p.source == c.source && w.roll(2) == 0 {
			c.members[p.anchor] = true
		}
	}
	w.crews = append(w.crews, c)
	w.note("found %s as %s in %s with %d", c.name, c.anchor, c.source, len(c.members))
}

// live changes the directory.
func (w *world) live() {
	for range w.roll(6) {
		w.liveOnce()
	}
}

func (w *world) liveOnce() {
	if len(w.people) == 0 {
		w.hire()
		return
	}
	if w.rules >= thirdRules && w.roll(8) == 0 {
		w.changeCase(pick(w, w.people))
		return
	}
	if w.rules >= secondRules && w.roll(3) == 0 {
		w.comeAndGo(pick(w, w.people))
		return
	}
	p := pick(w, w.people)
	what := w.roll(12)
	if w.profile == "google" && (what == 2 || what == 4 || what == 5 || what > 9) {
		what = 0 // nobody can be found there who has another name than before
	}
	switch what {
	case 0, 1:
		w.hire()
	case 2:
		w.people = slices.DeleteFunc(w.people, func(q *person) bool { return q == p })
		w.left = append(w.left, p)
		w.note("%s leaves", p.attributes["uid"])
	case 3:
		p.active = !p.active
		w.note("%s active %t", p.attributes["uid"], p.active)
	case 4:
		old := p.attributes["uid"]
		p.attributes["uid"] = w.freshLogin()
		w.note("%s is now %s", old, p.attributes["uid"])
	case 5:
		q := pick(w, w.people)
		p.attributes["uid"], q.attributes["uid"] = q.attributes["uid"], p.attributes["uid"]
		w.note("%s and %s swap names", p.attributes["uid"], q.attributes["uid"])
	case 6, 7:
		name := pick(w, []string{"title", "mobile", "department"})
		p.attributes[name] = pick(w, map[string][]string{"title": titles, "mobile": {"", "+1 555 0199"}, "department": {"", "HR"}}[name])
		w.note("%s has %s %q", p.attributes["uid"], name, p.attributes[name])
	case 8:
		p.manager = ""
		if w.roll(3) > 0 {
			p.manager = pick(w, w.people).anchor
		}
		w.note("%s has manager %s", p.attributes["uid"], p.manager)
	case 9:
		w.liveInGroup()
	case 10:
		w.found()
	default:
		if len(w.crews) > 0 {
			c := pick(w, w.crews)
			if w.roll(2) == 0 {
				w.crews = slices.DeleteFunc(w.crews, func(d *crew) bool { return c == d })
				w.closed = append(w.closed, c)
				w.note("%s is dissolved", c.name)
			} else {
				c.name += "'"
				w.note("%s is renamed so", c.name)
			}
		}
	}
}

func (w *world) liveInGroup() {
	if len(w.crews) == 0 {
		return
	}
	c := pick(w, w.crews)
	for _, p := range w.people {
		if p.source == c.source && w.roll(3) == 0 {
			c.members[p.anchor] = !c.members[p.anchor]
		}
	}
	w.note("%s has other members", c.name)
}

// reading is one source as it is read.
func (w *world) reading(source string) directory.Reading {
	s := &directory.Snapshot{}
	here := map[directory.Anchor]bool{}
	for _, p := range w.people {
		if p.source != source {
			continue
		}
		here[p.anchor] = true
		attributes := map[string][]string{}
		for name, value := range p.attributes {
			if value != "" {
				attributes[name] = []string{value}
			}
		}
		s.Users = append(s.Users, directory.User{
			Anchor: p.anchor, DN: "uid=" + p.attributes["uid"], Login: p.attributes["uid"], Active: p.active, Manager: p.manager,
			Attributes: directory.AttributesOf(attributes),
		})
	}
	for _, c := range w.crews {
		here[c.anchor] = c.source == source
	}
	for _, c := range w.crews {
		if c.source != source {
			continue
		}
		g := directory.Group{Anchor: c.anchor, DN: "cn=" + c.name, Login: c.name, Attributes: directory.AttributesOf(map[string][]string{"cn": {c.name}})}
		for _, a := range slices.SortedFunc(maps.Keys(c.members), cmp.Compare[directory.Anchor]) {
			if c.members[a] && here[a] {
				g.Members = append(g.Members, a)
			}
		}
		for _, a := range slices.SortedFunc(maps.Keys(c.inside), cmp.Compare[directory.Anchor]) {
			if c.inside[a] && here[a] {
				g.Groups = append(g.Groups, a)
			}
		}
		s.Groups = append(s.Groups, g)
	}
	return directory.Complete(source, s)
}

func (w *world) person(a directory.Anchor) *person {
	for _, p := range w.people {
		if p.anchor == a {
			return p
		}
	}
	return nil
}

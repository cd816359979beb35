package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"adsync/ldapsrc"
	"adsync/ldapsrc/directory"
	"adsync/upload"

	"github.com/urfave/cli/v2"
)

// explainOptions are the flags of explain.
type explainOptions struct {
	globalOptions
	Name string
}

func explainCommand(env Env) *cli.Command {
	return &cli.Command{
		Name:      "explain",
		ArgsUsage: "NAME",
		Usage:     "why a user or group is as it is at the service: source, scope, groups, mapping, next change",
		Description: `   NAME is a login, userPrincipalName, mail address, group name, DN or anchor. Both sides are read,
   as for a dry run, and nothing is changed. Exit code 1: nobody goes by that name.

EXAMPLE:
   adsync explain ada@example.com
   adsync explain "CN=App Wiki,OU=Groups,DC=corp,DC=example,DC=com"`,
		Action: flagsAndOne(env, "name", func(c *cli.Context, g globalOptions, name string) error {
			return runExplain(c.Context, env, explainOptions{globalOptions: g, Name: name})
		}),
	}
}

// A subject is one entry or resource that goes by the name.
type subject struct {
	source   *source // nil: a resource that no configured source owns
	found    *ldapsrc.Found
	kind     upload.Kind // "" of an entry that is neither user, group nor computer
	anchor   directory.Anchor
	resource *upload.Resource
	unasked  bool // the directory could not be asked for the entry
}

// explaining is one explain under way.
type explaining struct {
	*run
	name     string
	held     reading
	plan     *upload.Plan // nil when the service cannot be read
	subjects []subject
	troubles []error // sources that could not be asked
}

// runExplain finds everybody who goes by the name, on both sides, and says of
// each what is known and what a sync would do.
func runExplain(ctx context.Context, env Env, o explainOptions) error {
	r, err := prepare(ctx, env, o.globalOptions, nil)
	if err != nil {
		return err
	}
	defer r.close()
	x := &explaining{run: r, name: strings.TrimSpace(o.Name)}
	away := x.read(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	x.gather(ctx)
	codes := []int{ExitOK}
	if away != nil {
		codes = append(codes, ExitTarget)
	}
	for _, s := range x.held.sources {
		if !s.Complete {
			codes = append(codes, ExitSource)
		}
	}
	if len(x.troubles) > 0 {
		codes = append(codes, ExitSource)
	}
	if len(x.subjects) == 0 {
		codes = append(codes, ExitFailure)
	}
	out := newExplainPrinter(env, o.globalOptions)
	for _, s := range x.subjects {
		out.Subject(x.explain(s))
	}
	if len(x.subjects) == 0 {
		out.Absent(x.name, x.near())
	}
	x.tellTroubles(out, away)
	return ended(worst(codes...))
}

// read reads both sides and makes the plan. The error is the target's; what
// the sources hold is there all the same.
func (x *explaining) read(ctx context.Context) error {
	var err error
	if x.held, err = x.run.read(ctx); err != nil {
		return err
	}
	if x.plan, err = x.decide(ctx, &x.held); err != nil {
		return err
	}
	x.plan.Limit(x.limits)
	return nil
}

func (x *explaining) tellTroubles(out explainPrinter, away error) {
	for _, s := range x.held.sources {
		if !s.Complete {
			out.Trouble(fmt.Sprintf("source %s was not read completely: %s", s.ID, s.Reason), s.Hint)
		}
	}
	for _, err := range x.troubles {
		out.Trouble(err.Error(), hintOf(err))
	}
	if away != nil {
		out.Trouble(away.Error(), failureOf(away).Hint)
	}
}

// gather finds the subjects: the entries of that name, and the resources of
// that name with the entries that they belong to.
func (x *explaining) gather(ctx context.Context) {
	lists := make([][]ldapsrc.Found, len(x.sources))
	errs := make([]error, len(x.sources))
	var wait sync.WaitGroup
	for i, s := range x.sources {
		wait.Go(func() { lists[i], errs[i] = s.dir.Lookup(ctx, x.name) })
	}
	wait.Wait()
	for i, s := range x.sources {
		if errs[i] != nil {
			x.troubles = append(x.troubles, fmt.Errorf("source %s could not be asked: %w", s.config.ID, errs[i]))
		}
		for j := range lists[i] {
			x.addEntry(s, &lists[i][j])
		}
	}
	if x.held.state == nil {
		return
	}
	for _, k := range kinds {
		resources := x.held.state.Of(k)
		for i := range resources {
			if r := &resources[i]; x.names(r) {
				x.addResource(ctx, r)
			}
		}
	}
}

// names reports whether somebody may mean the resource by the name.
func (x *explaining) names(r *upload.Resource) bool {
	if strings.EqualFold(r.Name, x.name) || r.ID == x.name || r.ExternalID == x.name {
		return true
	}
	if _, anchor, ok := x.mark.Owner(r.ExternalID); ok {
		if asked, err := directory.ParseAnchor(x.name); err == nil && asked == anchor {
			return true
		}
	}
	for path, values := range r.Attributes.All() {
		if strings.HasPrefix(path, "emails") && slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, x.name) }) {
			return true
		}
	}
	return false
}

func (x *explaining) addEntry(s *source, f *ldapsrc.Found) {
	subject := subject{source: s, found: f, kind: kindOf(f.Kind), anchor: f.Anchor}
	if subject.kind != "" && x.held.state != nil {
		subject.resource = x.resourceOf(subject.kind, x.mark.ExternalID(s.config.ID, f.Anchor))
	}
	x.subjects = append(x.subjects, subject)
}

// addResource adds a resource, unless it belongs to an entry that was found.
func (x *explaining) addResource(ctx context.Context, r *upload.Resource) {
	id, anchor, owned := x.mark.Owner(r.ExternalID)
	if !owned {
		x.subjects = append(x.subjects, subject{kind: r.Kind, resource: r})
		return
	}
	i := slices.IndexFunc(x.sources, func(s *source) bool { return s.config.ID == id })
	if i < 0 || slices.ContainsFunc(x.subjects, func(s subject) bool { return s.anchor == anchor && s.source == x.sources[i] }) {
		return
	}
	s := subject{source: x.sources[i], kind: r.Kind, anchor: anchor, resource: r}
	found, err := s.source.dir.Lookup(ctx, string(anchor))
	if s.unasked = err != nil; len(found) > 0 {
		s.found = &found[0]
	}
	x.subjects = append(x.subjects, s)
}

func (x *explaining) resourceOf(k upload.Kind, externalID string) *upload.Resource {
	resources := x.held.state.Of(k)
	for i := range resources {
		if resources[i].ExternalID == externalID {
			return &resources[i]
		}
	}
	return nil
}

func kindOf(found string) upload.Kind {
	switch found {
	case ldapsrc.KindUser:
		return upload.User
	case ldapsrc.KindGroup:
		return upload.Group
	case ldapsrc.KindComputer:
		return upload.Device
	}
	return ""
}

// changes are what a sync would do to a subject: its own changes, and those
// of groups that it joins or leaves.
func (x *explaining) changes(s subject) []upload.Change {
	var out []upload.Change
	if x.plan == nil || s.source == nil {
		return nil
	}
	for i := range x.plan.Changes {
		c := x.plan.Changes[i]
		if c.Kind == s.kind && c.Anchor == s.anchor && c.Source == s.source.config.ID {
			out = append(out, c)
			continue
		}
		mine := slices.IndexFunc(c.Members, func(m upload.Member) bool { return m.Anchor == s.anchor })
		if mine >= 0 && s.kind == upload.User {
			c.Members = c.Members[mine : mine+1]
			out = append(out, c)
		}
	}
	return out
}

func (x *explaining) quarantine(s subject) *upload.Quarantine {
	if x.plan == nil || s.source == nil {
		return nil
	}
	for i := range x.plan.Quarantined {
		if q := &x.plan.Quarantined[i]; q.Kind == s.kind && q.Anchor == s.anchor && q.Source == s.source.config.ID {
			return q
		}
	}
	return nil
}

// attributes are the entry's as a sync would see them: those that were read,
// or of an entry out of scope, those that were looked up.
func (x *explaining) attributes(s subject) (directory.Attributes, bool) {
	for i, other := range x.sources {
		snapshot, ok := x.held.readings[i].Snapshot()
		if other != s.source || !ok {
			continue
		}
		for j := range snapshot.Users {
			if u := &snapshot.Users[j]; s.kind == upload.User && u.Anchor == s.anchor {
				return u.Attributes, true
			}
		}
		for j := range snapshot.Groups {
			if g := &snapshot.Groups[j]; s.kind == upload.Group && g.Anchor == s.anchor {
				return g.Attributes, true
			}
		}
		for j := range snapshot.Computers {
			if c := &snapshot.Computers[j]; s.kind == upload.Device && c.Anchor == s.anchor {
				return c.Attributes, true
			}
		}
	}
	if s.found == nil {
		return directory.Attributes{}, false
	}
	return s.found.Attributes, true
}

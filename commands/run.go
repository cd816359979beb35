package commands

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"adsync/commands/config"
	"adsync/ldapsrc"
	"adsync/ldapsrc/directory"
	"adsync/proxy"
	"adsync/upload"
)

// run is what every command that looks at both sides needs: the checked
// configuration and what was made of it. The same road for all of them.
type run struct {
	env      Env
	options  globalOptions
	file     *config.File
	secrets  config.Secrets
	redactor *config.Redactor
	log      *slog.Logger
	proxy    *proxy.Proxy
	sources  []*source
	target   upload.Target
	mark     *upload.Mark
	policy   upload.Policy
	limits   upload.Limits
	release  []func()
}

// source is one configured directory, ready to be read.
type source struct {
	config  *config.Source
	dir     *ldapsrc.Source
	mapping *upload.Mapping
	// required are the attributes that the administrator mapped by name.
	required []string
}

// reading is what both sides hold now.
type reading struct {
	readings []directory.Reading
	sources  []sourceResult
	state    *upload.State
	early    *early
	warnings []string
}

func (r *run) close() {
	for _, release := range slices.Backward(r.release) {
		release()
	}
}

// read reads all sources and the target at the same time. The error is the
// target's; a source that could not be read is an incomplete reading.
func (r *run) read(ctx context.Context) (reading, error) {
	defer r.env.progress.begin()()
	collectLate()
	held := reading{early: r.newEarly()}
	var wait sync.WaitGroup
	wait.Go(func() { held.readings = r.readSources(ctx, held.early.want) })
	state, err := r.target.Read(ctx, r.want())
	if err == nil {
		err = held.early.begin(r.input(state), r.file.Target.Domains)
	}
	close(held.early.known)
	wait.Wait()
	held.early.waiting.Wait()
	if ctx.Err() != nil {
		return held, ctx.Err()
	}
	directory.ResolveForeign(held.readings)
	held.describe()
	if err != nil {
		return held, targetFailure(err)
	}
	held.take(state)
	return held, nil
}

// readSources reads all sources at once.
func (r *run) readSources(ctx context.Context, want func(*source) ldapsrc.Want) []directory.Reading {
	readings := make([]directory.Reading, len(r.sources))
	var wait sync.WaitGroup
	for i, s := range r.sources {
		wait.Go(func() { readings[i] = s.dir.Read(ctx, want(s)) })
	}
	wait.Wait()
	return readings
}

// kinds are the kinds of resources in the order in which they are shown.
var kinds = []upload.Kind{upload.User, upload.Group, upload.Device}

// take notes what the service holds.
func (h *reading) take(state *upload.State) {
	h.state = state
	h.warnings = append(h.warnings, state.Warnings...)
	h.unproven(nil)
}

// unproven warns of the lists that are not proven, but for those known before.
func (h *reading) unproven(before map[upload.Kind]string) {
	for _, kind := range kinds {
		if why := h.state.Unproven[kind]; why != "" && before[kind] == "" {
			h.warnings = append(h.warnings, fmt.Sprintf("the service's list of %ss is not proven complete, no %s is removed: %s", kind, kind, why))
		}
	}
}

// describe makes the result lines of the readings.
func (h *reading) describe() {
	h.sources = nil
	for _, reading := range h.readings {
		s := sourceResult{Type: "source", ID: reading.Source}
		snapshot, ok := reading.Snapshot()
		if !ok {
			s.Reason, s.Hint = reading.Err().Error(), hintOf(reading.Err())
			h.sources = append(h.sources, s)
			continue
		}
		s.Complete = true
		s.Users, s.Groups, s.Computers = len(snapshot.Users), len(snapshot.Groups), len(snapshot.Computers)
		for _, skip := range snapshot.Skipped {
			s.Skipped += skip.Count
		}
		h.sources = append(h.sources, s)
		for _, w := range snapshot.Warnings {
			h.warnings = append(h.warnings, fmt.Sprintf("source %s: %s", reading.Source, w))
		}
	}
}

func targetFailure(err error) error {
	f := failureOf(err)
	if f.Code == ExitFailure {
		return &Failure{Code: ExitTarget, Err: fmt.Errorf("read the target: %w", err), Hint: f.Hint}
	}
	return &Failure{Code: f.Code, Err: fmt.Errorf("target: %w", f.Err), Hint: f.Hint}
}

// want is what a source is asked for: what the mapping reads.
func (s *source) want() ldapsrc.Want {
	return ldapsrc.Want{
		UserAttributes:     s.mapping.Attributes(upload.User),
		GroupAttributes:    s.mapping.Attributes(upload.Group),
		ComputerAttributes: s.mapping.Attributes(upload.Device),
		Manager:            s.mapping.ManagerAttribute(),
		Required:           s.required,
	}
}

// want is what the target is asked for: the paths that any source manages.
func (r *run) want() upload.Want {
	w := upload.Want{
		Owned: func(externalID string) bool { _, _, ok := r.mark.Owner(externalID); return ok },
		Progress: func(kind upload.Kind, read, total int) {
			r.env.progress.at(fmt.Sprintf("service %ss", kind), read, total)
		},
	}
	for _, s := range r.sources {
		w.Users = append(w.Users, s.mapping.Paths(upload.User)...)
		if s.config.Groups.Sync {
			w.Groups = append(w.Groups, s.mapping.Paths(upload.Group)...)
			w.Members = true
		}
		if s.config.Computers.Sync {
			w.Devices = append(w.Devices, s.mapping.Paths(upload.Device)...)
		}
	}
	return eachOnce(w)
}

// eachOnce is what is wanted without repetitions, in order.
func eachOnce(w upload.Want) upload.Want {
	for _, list := range []*[]string{&w.Users, &w.Groups, &w.Devices} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return w
}

// decide works out the plan. It asks both sides a little more: the directory,
// where those have gone who are no longer in scope, and the service, whether
// it holds what its list, if unproven, lacks. It is done once with a reading.
func (r *run) decide(ctx context.Context, held *reading) (*upload.Plan, error) {
	defer r.env.progress.begin()()
	r.env.progress.at("working out the changes", 0, 0)
	if err := r.suits(r.target.Capabilities()); err != nil {
		return nil, err
	}
	in := r.input(held.state)
	for i := range in.Sources {
		in.Sources[i].Reading = held.readings[i]
	}
	if err := r.doubt(ctx, held, &in); err != nil {
		return nil, targetFailure(err)
	}
	before := maps.Clone(held.state.Unproven)
	if err := upload.LookUp(ctx, r.target, in); err != nil {
		return nil, targetFailure(err)
	}
	held.unproven(before)
	missing := upload.Missing(in)
	for i, s := range r.sources {
		anchors := missing[s.config.ID]
		if len(anchors) == 0 {
			continue
		}
		presence, err := s.dir.Locate(ctx, anchors)
		if err != nil {
			held.readings[i] = directory.Incomplete(s.config.ID, fmt.Errorf("look up entries that left the scope: %w", err))
			in.Sources[i].Reading = held.readings[i]
			held.describe()
		}
		in.Sources[i].Presence = presence
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	held.early.finish(&in)
	held.early = nil // which is much, and of no use to the writing
	return upload.Diff(in), nil
}

// input is everything that a plan follows from but the readings.
func (r *run) input(state *upload.State) upload.Input {
	in := upload.Input{State: state, Capabilities: r.target.Capabilities(), Mark: r.mark, Policy: r.policy}
	for _, s := range r.sources {
		in.Sources = append(in.Sources, upload.Source{
			ID: s.config.ID, Mapping: s.mapping, Groups: s.config.Groups.Sync, Devices: s.config.Computers.Sync,
		})
	}
	return in
}

// doubt tries a list that shows none of ours. One that shows them a moment
// later is believed: a run on another host has made them meanwhile. What is
// made after the second reading says nothing against that.
func (r *run) doubt(ctx context.Context, held *reading, in *upload.Input) error {
	unlisted, err := upload.Unlisted(ctx, r.target, *in)
	if err != nil || len(unlisted) == 0 {
		return err
	}
	state, err := r.target.Read(ctx, r.want())
	if err != nil {
		return err
	}
	state.Doubt(unlisted)
	before := held.state.Unproven
	held.state, in.State = state, state
	held.unproven(before)
	return nil
}

// suits refuses what the configuration wants of the service and the service
// does not have, where going on without it would take something away.
func (r *run) suits(c upload.Capabilities) error {
	for _, s := range r.sources {
		key := fmt.Sprintf("%s: source %s", r.file.Path, s.config.ID)
		switch {
		case s.config.Groups.Sync && s.config.Groups.Nested == ldapsrc.Keep && !c.Nested:
			return usage(fmt.Errorf("%s: groups.nested: this service takes no groups as members", key), "use groups.nested: flatten")
		case s.config.Computers.Sync && !c.Devices:
			return usage(fmt.Errorf("%s: computers.sync: this service has no resource type for devices", key),
				"name the type under target.devices, or mapping.computer_type, if it has another name, or send computers to a file: target")
		}
	}
	return nil
}

package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"adsync/ldapsrc"
	"adsync/upload"
	"adsync/upload/scim"

	"github.com/urfave/cli/v2"
)

// statusOptions are the flags of status.
type statusOptions struct {
	globalOptions
	Plan      bool
	Bundle    string
	Anonymize bool
}

func statusCommand(env Env) *cli.Command {
	return &cli.Command{
		Name:  "status",
		Usage: "can every source and the service be reached, what is ours there, what did the last run do",
		Description: `   Connects to every source and to the service, counts what each source owns, and changes nothing.
   What is down is shown beside what is not. Exit code 10: a source; 11: the service.

EXAMPLE:
   adsync status
   adsync status --plan
   adsync status --json
   adsync status --bundle help.zip --anonymize`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "plan", DisableDefaultText: true, Usage: "read both sides as well and say what a sync would do now"},
			&cli.StringFlag{Name: "bundle", Usage: "write what somebody who helps needs to see to `FILE.zip`, without secrets"},
			&cli.BoolFlag{Name: "anonymize", DisableDefaultText: true, Usage: "with --bundle: replace names, DNs and addresses"},
		},
		Action: flagsOnly(env, func(c *cli.Context, g globalOptions) error {
			if err := givenValues(c, "bundle"); err != nil {
				return err
			}
			o := statusOptions{globalOptions: g, Plan: c.Bool("plan"), Bundle: c.String("bundle"), Anonymize: c.Bool("anonymize")}
			if o.Anonymize && o.Bundle == "" {
				return usage(errors.New("--anonymize goes with --bundle"), "")
			}
			return runStatus(c.Context, env, o)
		}),
	}
}

// A statusReport is everything that status has found out.
type statusReport struct {
	sources []sourceStatus
	target  targetStatus
	orphans []orphanStatus
	pending *pendingStatus
	last    *lastRunStatus
	next    nextRunStatus
	exit    int
}

// runStatus looks at every source and at the service at the same time, and
// shows all that it has seen, whatever of it is down.
func runStatus(ctx context.Context, env Env, o statusOptions) error {
	r, err := prepare(ctx, env, o.globalOptions, nil)
	if err != nil {
		return err
	}
	defer r.close()
	var found statusReport
	found.sources = make([]sourceStatus, len(r.sources))
	var wait sync.WaitGroup
	for i, s := range r.sources {
		wait.Go(func() { found.sources[i] = r.sourceStatus(ctx, s) })
	}
	var state *upload.State
	found.target, state = r.targetStatus(ctx)
	wait.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	found.own(state, r)
	if o.Plan && found.target.Error == "" {
		if found.pending, err = r.pending(ctx); err != nil {
			found.target.blame(targetFailure(err))
		}
	}
	found.last = r.lastRun()
	found.next = nextRun(ctx)
	found.exit = found.code()
	if o.Bundle != "" {
		if err := r.writeBundle(o.Bundle, bundleOptions{Anonymize: o.Anonymize, Status: found.jsonTo}); err != nil {
			return err
		}
	}
	if o.JSON {
		found.json(env)
	} else {
		found.text(newFacts(env), env.Now(), r.configFlag())
	}
	return ended(found.exit)
}

// code is the exit code: the worst of all parts.
func (f *statusReport) code() int {
	codes := []int{ExitOK}
	if !f.target.OK {
		codes = append(codes, ExitTarget)
	}
	for _, s := range f.sources {
		if !s.OK {
			codes = append(codes, ExitSource)
		}
	}
	if f.pending != nil && f.pending.incomplete {
		codes = append(codes, ExitSource)
	}
	return worst(codes...)
}

// certificateNotice is how long before its end a certificate or a token is
// worth a warning.
const certificateNotice = 30 * 24 * time.Hour

// skewNotice is how far apart clocks may be: Kerberos and tokens bear five
// minutes, which should not be found out the hard way.
const skewNotice = 2 * time.Minute

// sourceStatus asks one source who and how it is.
func (r *run) sourceStatus(ctx context.Context, s *source) sourceStatus {
	out := sourceStatus{ID: s.config.ID}
	p, err := s.dir.Probe(ctx)
	if err != nil {
		out.Error, out.Hint = err.Error(), hintOf(err)
		return out
	}
	out.OK = true
	out.take(p)
	now := r.env.Now()
	for _, d := range p.Domains {
		if d.Err != nil {
			out.OK = false
			out.Error = cmp.Or(out.Error, fmt.Sprintf("domain %s: %v", cmp.Or(d.Name, d.Base), d.Err))
			out.Hint = cmp.Or(out.Hint, hintOf(d.Err))
		}
	}
	out.Warnings = append(out.Warnings, ends("the server's certificate", p.Expires, now)...)
	out.Warnings = append(out.Warnings, astray(p.ClockSkew)...)
	return out
}

func (s *sourceStatus) take(p ldapsrc.Probe) {
	s.Kind, s.Server, s.Name, s.BoundAs, s.Encryption, s.Issuer = p.Kind, p.Server, p.Name, p.BoundAs, p.Encryption, p.Issuer
	s.Expires, s.ClockSkew = timeOrNil(p.Expires), p.ClockSkew.Seconds()
	for _, d := range p.Domains {
		domain := domainStatus{Name: cmp.Or(d.Name, d.Base), Server: d.Server}
		if d.Err != nil {
			domain.Error = d.Err.Error()
		}
		s.Domains = append(s.Domains, domain)
	}
	for _, t := range p.Trusts {
		s.Trusts = append(s.Trusts, trustStatus{Domain: t.Domain, Partner: t.Partner, Direction: t.Direction, Forest: t.Forest, WithinForest: t.WithinForest})
	}
}

// prober is a target that can tell about itself; a SCIM service can.
type prober interface {
	Probe(context.Context) (scim.Probe, error)
}

// targetStatus asks the service who it is and, if it lets us in, lists what
// it holds. The state is nil when it cannot be listed.
func (r *run) targetStatus(ctx context.Context) (targetStatus, *upload.State) {
	out := targetStatus{URL: r.file.Target.URL, Profile: r.file.Target.Profile, OK: true}
	if service, ok := r.target.(prober); ok {
		p, err := service.Probe(ctx)
		out.take(p, r.env.Now())
		if err != nil {
			out.blame(targetFailure(err))
			return out, nil
		}
	}
	state, err := r.target.Read(ctx, r.wantEverything())
	if err != nil {
		out.blame(targetFailure(err))
		return out, nil
	}
	for _, kind := range kinds {
		if why := state.Unproven[kind]; why != "" {
			out.OK = false
			out.Warnings = append(out.Warnings, fmt.Sprintf("the list of %ss is not proven complete, no %s is removed: %s", kind, kind, why))
		}
	}
	return out, state
}

func (t *targetStatus) take(p scim.Probe, now time.Time) {
	t.Profile = cmp.Or(p.Profile, t.Profile)
	t.Title, t.Authenticated, t.Discovery = p.Title, p.Authenticated, p.Discovery
	t.Certificate, t.CertificateExpires, t.TokenExpires = p.Certificate, timeOrNil(p.CertificateExpires), timeOrNil(p.TokenExpires)
	t.ClockSkew, t.ResourceTypes, t.Schemes = p.Skew.Seconds(), p.ResourceTypes, p.Schemes
	for _, can := range []struct {
		name string
		is   bool
	}{{"patch", p.Patch}, {"bulk", p.Bulk}, {"filter", p.Filter}, {"sort", p.Sort}, {"etag", p.ETag}, {"cursor", p.Cursor}} {
		if can.is {
			t.Capabilities = append(t.Capabilities, can.name)
		}
	}
	t.Warnings = append(t.Warnings, ends("the service's certificate", p.CertificateExpires, now)...)
	t.Warnings = append(t.Warnings, ends("the token", p.TokenExpires, now)...)
	t.Warnings = append(t.Warnings, astray(p.Skew)...)
}

func (t *targetStatus) blame(err error) {
	f := failureOf(err)
	t.OK, t.Error, t.Hint = false, f.Err.Error(), f.Hint
}

// ends warns of something that ends soon, or has ended.
func ends(what string, at, now time.Time) []string {
	switch left := at.Sub(now); {
	case at.IsZero() || left > certificateNotice:
		return nil
	case left <= 0:
		return []string{fmt.Sprintf("%s ended on %s", what, day(at))}
	case left < 24*time.Hour:
		return []string{fmt.Sprintf("%s ends within a day, at %s", what, at.UTC().Format("15:04 MST"))}
	default:
		return []string{fmt.Sprintf("%s ends in %s, on %s", what, count(int(left.Hours()/24), "day"), day(at))}
	}
}

func astray(skew time.Duration) []string {
	if skew.Abs() < skewNotice {
		return nil
	}
	return []string{"the server's clock is " + ahead(skew) + ": Kerberos and tokens fail at five minutes; set both by NTP"}
}

// own says what each source owns at the service, and who else has left
// something there.
func (f *statusReport) own(state *upload.State, r *run) {
	if state == nil || r.target.Capabilities().WriteOnly {
		return
	}
	f.target.Users, f.target.Groups, f.target.Devices = len(state.Users), len(state.Groups), len(state.Devices)
	f.target.counted = true
	for _, h := range upload.Holdings(state, r.mark) {
		if h.Users+h.Groups+h.Devices > 0 && !h.Configured {
			f.orphans = append(f.orphans, orphanStatus{
				Source: h.Source, Users: h.Users, ActiveUsers: h.ActiveUsers, Groups: h.Groups, Devices: h.Devices,
				Command: fmt.Sprintf("adsync purge%s %s", r.configFlag(), shellWord(h.Source)),
			})
		}
		for i := range f.sources {
			if s := &f.sources[i]; s.ID == h.Source {
				s.Owned = &ownedStatus{Users: h.Users, ActiveUsers: h.ActiveUsers, Groups: h.Groups, Devices: h.Devices}
			}
		}
	}
}

// pending is what a sync would do now.
func (r *run) pending(ctx context.Context) (*pendingStatus, error) {
	held, err := r.read(ctx)
	if err != nil {
		return nil, err
	}
	plan, err := r.decide(ctx, &held)
	if err != nil {
		return nil, err
	}
	out := &pendingStatus{blown: plan.Limit(r.limits)}
	out.summary = summary{DryRun: true, Digest: plan.Digest(), sources: held.sources}
	out.summary.count(plan)
	for _, s := range held.sources {
		if !s.Complete {
			out.incomplete = true
		}
	}
	return out, nil
}

// lastRun reads the record of the last run; nil when there is none, or none
// that can be read.
func (r *run) lastRun() *lastRunStatus {
	path := r.lastRunPath()
	doc, err := readRecord(path)
	switch {
	case errors.Is(err, errNoRecord):
		return nil
	case err != nil:
		return &lastRunStatus{File: path, Error: err.Error()}
	}
	return &lastRunStatus{
		File: path, Started: &doc.Started, Ended: timeOrNil(doc.Started.Add(secondsOf(doc.Seconds))),
		Seconds: doc.Seconds, Exit: doc.Summary.Exit, Digest: doc.Digest, Stopped: doc.Stopped, Summary: doc.Summary, Limits: doc.Limits,
		sources: doc.Sources,
	}
}

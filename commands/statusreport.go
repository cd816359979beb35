package commands

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"adsync/upload"
)

// The objects that status prints with --json; docs/json.md describes them.

type sourceStatus struct {
	Type       string         `json:"type"` // "source-status"
	ID         string         `json:"id"`
	OK         bool           `json:"ok"`
	Kind       string         `json:"kind"`
	Server     string         `json:"server"`
	Name       string         `json:"name"`
	BoundAs    string         `json:"bound_as"`
	Encryption string         `json:"encryption"`
	Issuer     string         `json:"issuer"`
	Expires    *time.Time     `json:"expires"`
	ClockSkew  float64        `json:"clock_skew"`
	Domains    []domainStatus `json:"domains"`
	Trusts     []trustStatus  `json:"trusts"`
	Owned      *ownedStatus   `json:"owned"` // null when the service could not be listed
	Warnings   []string       `json:"warnings"`
	Error      string         `json:"error"`
	Hint       string         `json:"hint"`
}

type domainStatus struct {
	Name   string `json:"name"`
	Server string `json:"server"`
	Error  string `json:"error"`
}

type trustStatus struct {
	Domain       string `json:"domain"`
	Partner      string `json:"partner"`
	Direction    string `json:"direction"`
	Forest       bool   `json:"forest"`
	WithinForest bool   `json:"within_forest"`
}

type ownedStatus struct {
	Users       int `json:"users"`
	ActiveUsers int `json:"active_users"`
	Groups      int `json:"groups"`
	Devices     int `json:"devices"`
}

type targetStatus struct {
	Type               string     `json:"type"` // "target-status"
	URL                string     `json:"url"`
	OK                 bool       `json:"ok"`
	Profile            string     `json:"profile"`
	Title              string     `json:"title"`
	Authenticated      bool       `json:"authenticated"`
	Discovery          bool       `json:"discovery"`
	Capabilities       []string   `json:"capabilities"`
	ResourceTypes      []string   `json:"resource_types"`
	Schemes            []string   `json:"schemes"`
	Certificate        string     `json:"certificate"`
	CertificateExpires *time.Time `json:"certificate_expires"`
	TokenExpires       *time.Time `json:"token_expires"`
	ClockSkew          float64    `json:"clock_skew"`
	Users              int        `json:"users"`
	Groups             int        `json:"groups"`
	Devices            int        `json:"devices"`
	Warnings           []string   `json:"warnings"`
	Error              string     `json:"error"`
	Hint               string     `json:"hint"`

	counted bool
}

type orphanStatus struct {
	Type        string `json:"type"` // "orphan"
	Source      string `json:"source"`
	Users       int    `json:"users"`
	ActiveUsers int    `json:"active_users"`
	Groups      int    `json:"groups"`
	Devices     int    `json:"devices"`
	Command     string `json:"command"`
}

type pendingStatus struct {
	summary    summary
	blown      []upload.Blown
	incomplete bool
}

type lastRunStatus struct {
	Type    string     `json:"type"` // "last-run"
	File    string     `json:"file"`
	Started *time.Time `json:"started"`
	Ended   *time.Time `json:"ended"`
	Seconds float64    `json:"seconds"`
	Exit    int        `json:"exit"`
	Digest  string     `json:"digest"`
	Stopped string     `json:"stopped"`
	Limits  []string   `json:"limits"`
	Summary summary    `json:"summary"`
	Error   string     `json:"error"` // why the record cannot be read

	sources []sourceResult
}

type nextRunStatus struct {
	Type string     `json:"type"` // "next-run"
	By   string     `json:"by"`   // "systemd", "cron", "Task Scheduler"; "" when none was found
	At   *time.Time `json:"at"`
	Rule string     `json:"rule"` // the schedule as the scheduler has it
}

type statusObject struct {
	Type string `json:"type"` // "status"
	Exit int    `json:"exit"`
}

// json prints one object a line, all of a kind together.
func (f *statusReport) json(env Env) { f.jsonTo(env.Stdout) }

func (f *statusReport) jsonTo(w io.Writer) {
	print := func(v any) { writeJSON(w, v) }
	for _, s := range f.sources {
		s.Type, s.Domains, s.Warnings = "source-status", emptyNotNull(s.Domains), emptyNotNull(s.Warnings)
		s.Trusts = emptyNotNull(s.Trusts)
		print(s)
	}
	t := f.target
	t.Type, t.Warnings, t.Capabilities = "target-status", emptyNotNull(t.Warnings), emptyNotNull(t.Capabilities)
	t.ResourceTypes, t.Schemes = emptyNotNull(t.ResourceTypes), emptyNotNull(t.Schemes)
	print(t)
	for _, o := range f.orphans {
		o.Type = "orphan"
		print(o)
	}
	if p := f.pending; p != nil {
		p.summary.Type = "summary"
		print(p.summary)
		for _, b := range p.blown {
			print(noticeObject{"notice", b.String()})
		}
	}
	if f.last != nil {
		f.last.Type, f.last.Limits = "last-run", emptyNotNull(f.last.Limits)
		print(f.last)
	}
	if f.next.By != "" {
		f.next.Type = "next-run"
		print(f.next)
	}
	print(statusObject{"status", f.exit})
}

func emptyNotNull[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// text prints the report for people.
func (f *statusReport) text(out *facts, now time.Time, configFlag string) {
	for i := range f.sources {
		f.sources[i].text(out, now)
	}
	f.target.text(out, now)
	for _, o := range f.orphans {
		out.section("source %s: not configured", o.Source)
		out.say("owns", "%s", owns(o.Users, o.ActiveUsers, o.Groups, o.Devices))
		out.say("note", "taken out of this configuration, or served by another adsync; nobody is touched")
		out.command("to remove", o.Command)
	}
	if p := f.pending; p != nil {
		out.section("a sync now")
		out.item("%s", p.summary.does())
		for _, b := range p.blown {
			out.item("%s", b)
		}
		if p.summary.pending() {
			out.command("to see it", "adsync sync"+configFlag+" --dry-run")
		}
	}
	out.section("runs")
	f.last.text(out, now)
	f.next.text(out, now)
	out.section("%s", f.verdict())
}

// verdict is the last line.
func (f *statusReport) verdict() string {
	var down []string
	warnings := len(f.target.Warnings)
	for _, s := range f.sources {
		if !s.OK {
			down = append(down, "source "+s.ID)
		}
		warnings += len(s.Warnings)
	}
	if !f.target.OK {
		down = append(down, "the target")
	}
	switch {
	case len(down) > 0:
		return fmt.Sprintf("not well: %s (exit %d)", strings.Join(down, ", "), f.exit)
	case f.exit != ExitOK:
		return fmt.Sprintf("not well: a source could not be read completely (exit %d)", f.exit)
	case warnings > 0:
		return "all is reachable; " + count(warnings, "warning") + " above"
	case f.last != nil && f.last.Exit != ExitOK:
		return fmt.Sprintf("all is reachable; the last run ended with %d", f.last.Exit)
	}
	return "all is well"
}

func okOr(ok bool) string {
	if ok {
		return "ok"
	}
	return "NOT OK"
}

func (s *sourceStatus) text(out *facts, now time.Time) {
	out.section("source %s: %s", s.ID, okOr(s.OK))
	out.say("error", "%s", s.Error)
	out.say("hint", "%s", s.Hint)
	out.say("server", "%s", strings.TrimPrefix(s.Kind+", "+s.Server, ", "))
	out.say("bound as", "%s", s.BoundAs)
	var domains []string
	for _, d := range s.Domains {
		if d.Error != "" {
			d.Name += " (not reached)"
		}
		domains = append(domains, d.Name)
	}
	out.say("domains", "%s", strings.Join(domains, "; "))
	var trusts []string
	for _, t := range s.Trusts {
		if !t.WithinForest {
			trusts = append(trusts, fmt.Sprintf("%s (%s)", t.Partner, t.Direction))
		}
	}
	out.say("trusts", "%s", strings.Join(trusts, "; "))
	out.say("encryption", "%s", s.Encryption)
	if s.Expires != nil {
		out.say("certificate", "until %s, from %s", until(*s.Expires, now), s.Issuer)
	}
	if s.ClockSkew != 0 {
		out.say("clock", "%s", ahead(secondsOf(s.ClockSkew)))
	}
	if o := s.Owned; o != nil {
		out.say("owns", "%s", owns(o.Users, o.ActiveUsers, o.Groups, o.Devices))
	}
	for _, w := range s.Warnings {
		out.say("warning", "%s", w)
	}
}

func (t *targetStatus) text(out *facts, now time.Time) {
	out.section("target: %s", okOr(t.OK))
	out.say("error", "%s", t.Error)
	out.say("hint", "%s", t.Hint)
	out.say("address", "%s", t.URL)
	out.say("profile", "%s", strings.TrimPrefix(strings.TrimSuffix(t.Profile+", "+t.Title, ", "), ", "))
	if t.Authenticated {
		out.say("signed in", "yes")
	}
	out.say("can do", "%s", strings.Join(t.Capabilities, ", "))
	if t.CertificateExpires != nil {
		out.say("certificate", "until %s, %s", until(*t.CertificateExpires, now), t.Certificate)
	}
	if t.TokenExpires != nil {
		out.say("token", "until %s", until(*t.TokenExpires, now))
	}
	if math.Abs(t.ClockSkew) >= 1 {
		out.say("clock", "%s", ahead(secondsOf(t.ClockSkew)))
	}
	if t.counted {
		out.say("holds", "%s, ours or not", owns(t.Users, -1, t.Groups, t.Devices))
	}
	for _, w := range t.Warnings {
		out.say("warning", "%s", w)
	}
}

func (l *lastRunStatus) text(out *facts, now time.Time) {
	switch {
	case l == nil:
		out.say("last", "none recorded here")
	case l.Error != "":
		out.say("last", "%s", l.Error)
	default:
		out.say("last", "%s (%s), exit %d", l.Started.UTC().Format("2006-01-02 15:04 MST"), since(now.Sub(*l.Started)), l.Exit)
		l.Summary.sources = l.sources
		out.say("", "%s", l.Summary.line(secondsOf(l.Seconds)))
		for _, limit := range l.Limits {
			out.say("", "%s", limit)
		}
		if l.Stopped != "" {
			out.say("", "stopped: %s", l.Stopped)
		}
	}
}

func (n *nextRunStatus) text(out *facts, now time.Time) {
	switch {
	case n.By == "":
		out.say("next", "no schedule found; see adsync init --schedule")
	case n.At != nil:
		out.say("next", "%s (in %s), by %s", n.At.UTC().Format("2006-01-02 15:04 MST"), roughly(n.At.Sub(now)), n.By)
	default:
		out.say("next", "%s, by %s", n.Rule, n.By)
	}
}

// owns counts what somebody has; active is -1 where that does not matter.
func owns(users, active, groups, devices int) string {
	parts := []string{count(users, "user")}
	if active >= 0 && active != users {
		parts[0] += fmt.Sprintf(" (%s active)", thousands(active))
	}
	parts = append(parts, count(groups, "group"))
	if devices > 0 {
		parts = append(parts, count(devices, "device"))
	}
	return strings.Join(parts, ", ")
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02") }

func until(t, now time.Time) string {
	if !t.After(now) {
		return day(t) + " (ended)"
	}
	return fmt.Sprintf("%s (%s)", day(t), roughly(t.Sub(now)))
}

func secondsOf(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// ahead says how far a clock is ahead of ours.
func ahead(skew time.Duration) string {
	if skew < 0 {
		return skew.Abs().Round(time.Second).String() + " behind ours"
	}
	return skew.Round(time.Second).String() + " ahead of ours"
}

func since(d time.Duration) string {
	if d < 0 {
		return "in the future"
	}
	return roughly(d) + " ago"
}

// roughly is a duration in its largest unit.
func roughly(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return count(int(d.Hours()/24), "day")
	case d >= 2*time.Hour:
		return count(int(d.Hours()), "hour")
	case d >= 2*time.Minute:
		return count(int(d.Minutes()), "minute")
	}
	return count(max(0, int(d.Seconds())), "second")
}

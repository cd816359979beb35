package commands

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
)

// metricsSuccess is the one metric that outlives a run that failed.
const metricsSuccess = "adsync_last_success_timestamp_seconds"

// writeMetrics writes a run's numbers for the textfile collector of
// Prometheus' node exporter. The file is replaced whole, and others may read
// it, for the exporter has an account of its own.
func writeMetrics(path string, e *endReport) error {
	succeeded := e.ended
	if !e.complete() {
		succeeded = lastSuccess(path)
	}
	return replaceFile(path, func(w io.Writer) error {
		if f, ok := w.(interface{ Chmod(fs.FileMode) error }); ok {
			if err := f.Chmod(0o644); err != nil {
				return err
			}
		}
		return renderMetrics(w, e, succeeded)
	})
}

// lastSuccess is what the file said before; zero when nothing.
func lastSuccess(path string) time.Time {
	f, err := os.Open(path)
	if err != nil {
		return time.Time{}
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if strings.HasPrefix(name, metricsSuccess) {
			if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds > 0 {
				return time.UnixMilli(int64(seconds * 1000))
			}
		}
	}
	return time.Time{}
}

// renderMetrics writes the metrics in the text format of Prometheus. Every
// one is labelled with the service, so that several configurations of one
// host can each have a file.
func renderMetrics(w io.Writer, e *endReport, succeeded time.Time) error {
	m := &metrics{w: bufio.NewWriter(w), target: e.Target}
	m.gauge("adsync_build_info", "The program that ran last.", sample{1, []string{"version", e.Program}})
	m.gauge("adsync_last_run_timestamp_seconds", "When the last run ended.", sample{seconds64(e.ended), nil})
	m.gauge(metricsSuccess, "When the last run ended that did all there was to do; 0 for never.", sample{seconds64(succeeded), nil})
	m.gauge("adsync_last_run_duration_seconds", "How long the last run took.", sample{e.Summary.Seconds, nil})
	m.gauge("adsync_last_run_exit_code", "The exit code of the last run; 0 is success.", sample{float64(e.Exit), nil})
	s := e.Summary
	var changes []sample
	for _, c := range []struct {
		what string
		n    int
	}{
		{"created", s.Created}, {"adopted", s.Adopted}, {"released", s.Released}, {"updated", s.Updated}, {"reactivated", s.Reactivated},
		{"deactivated", s.Deactivated}, {"deleted", s.Deleted}, {"members_added", s.MembersAdded}, {"members_removed", s.MembersRemoved},
	} {
		changes = append(changes, sample{float64(c.n), []string{"change", c.what}})
	}
	m.gauge("adsync_last_run_changes", "Changes that the last run made.", changes...)
	m.gauge("adsync_last_run_withheld", "Removals that wait for approval.", sample{float64(s.Withheld), nil})
	m.gauge("adsync_last_run_failed", "Changes that failed.", sample{float64(s.Failed), nil})
	m.gauge("adsync_last_run_quarantined", "Entries left out because they cannot be right.", sample{float64(s.Quarantined), nil})
	m.gauge("adsync_owned_active_users", "Active users that were ours when the last run began.", sample{float64(e.owned[0]), nil})
	m.gauge("adsync_owned_groups", "Groups that were ours when the last run began.", sample{float64(e.owned[1]), nil})
	m.gauge("adsync_owned_memberships", "Memberships of groups that were ours when the last run began.", sample{float64(e.owned[2]), nil})
	m.sources("adsync_source_complete", "1 when the source was read to the end, else 0.", e.Sources, func(r *sourceResult) int {
		if r.Complete {
			return 1
		}
		return 0
	})
	m.sources("adsync_source_users", "Users in scope.", e.Sources, func(r *sourceResult) int { return r.Users })
	m.sources("adsync_source_groups", "Groups in scope.", e.Sources, func(r *sourceResult) int { return r.Groups })
	m.sources("adsync_source_computers", "Computers in scope.", e.Sources, func(r *sourceResult) int { return r.Computers })
	m.sources("adsync_source_skipped", "Entries left out: built-ins, conflict objects and the like.", e.Sources, func(r *sourceResult) int { return r.Skipped })
	return m.w.Flush()
}

func seconds64(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// metrics writes metrics, all with the label of the service.
type metrics struct {
	w      *bufio.Writer
	target string
}

// sample is one value with its labels: name, value, name, value.
type sample struct {
	value  float64
	labels []string
}

func (m *metrics) gauge(name, help string, samples ...sample) {
	if len(samples) == 0 {
		return
	}
	fmt.Fprintf(m.w, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name)
	for _, s := range samples {
		fmt.Fprintf(m.w, "%s{target=%s", name, label(m.target))
		for i := 0; i+1 < len(s.labels); i += 2 {
			fmt.Fprintf(m.w, ",%s=%s", s.labels[i], label(s.labels[i+1]))
		}
		fmt.Fprintf(m.w, "} %s\n", strconv.FormatFloat(s.value, 'f', -1, 64))
	}
}

func (m *metrics) sources(name, help string, all []sourceResult, value func(*sourceResult) int) {
	var samples []sample
	for i := range all {
		samples = append(samples, sample{float64(value(&all[i])), []string{"source", all[i].ID}})
	}
	m.gauge(name, help, samples...)
}

// label quotes a label's value as the format wants it.
func label(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}

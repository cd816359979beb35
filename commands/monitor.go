package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"adsync/commands/config"
)

const (
	monitorTimeout = 10 * time.Second // for each call
	monitorTries   = 2
	monitorPause   = time.Second // before the second try
)

// monitored runs a synchronisation and tells those who watch over it how it
// went. A monitor that cannot be told is a remark and never ends a run, nor
// changes its exit code. A dry run tells nobody.
func (r *run) monitored(ctx context.Context, o syncOptions, f *finished, work func() error) error {
	if o.DryRun {
		return work()
	}
	m := r.monitors(o)
	m.call(ctx, m.ping, "start", nil)
	err := work()
	// What an interrupt cancelled must still be told.
	m.tell(context.WithoutCancel(ctx), f, err)
	return err
}

// monitors are those who want to know how a run went.
type monitors struct {
	run           *run
	client        *http.Client
	metrics       string
	ping, webhook string
}

func (r *run) monitors(o syncOptions) *monitors {
	watch := r.file.Monitor
	m := &monitors{
		run:     r,
		client:  &http.Client{Transport: r.proxy.Transport(nil), Timeout: monitorTimeout},
		metrics: r.file.Abs(watch.MetricsFile),
		ping:    r.endpoint("monitor.ping", watch.Ping),
		webhook: r.endpoint("monitor.webhook", watch.Webhook),
	}
	if o.Metrics != "" {
		m.metrics = o.Metrics
	}
	if o.Ping != "" {
		m.ping = o.Ping
	}
	return m
}

func (r *run) endpoint(key string, e config.Endpoint) string {
	if e.URL != "" {
		return e.URL
	}
	return r.secrets[key].Reveal()
}

// tell tells everybody how the run ended.
func (m *monitors) tell(ctx context.Context, f *finished, err error) {
	report := m.run.endReport(f, err)
	if m.metrics != "" {
		if err := writeMetrics(m.metrics, report); err != nil {
			m.remark(fmt.Errorf("write the metrics: %w", err))
		}
	}
	m.call(ctx, m.ping, report.signal(), report)
	if report.alarming() {
		m.call(ctx, m.webhook, "", report)
	}
}

// remark is for whoever reads standard error: what monitors are told is no
// result of the run.
func (m *monitors) remark(err error) {
	if !m.run.options.Quiet {
		fmt.Fprintf(m.run.env.Stderr, "adsync: %s\n", m.run.redactor.Redact(err.Error()))
	}
}

// call posts a report, which may be nil, to an address, with one more element
// of the path. No address, no call.
func (m *monitors) call(ctx context.Context, address, signal string, report *endReport) {
	if address == "" {
		return
	}
	what := "call the webhook"
	if address == m.ping {
		what = "ping"
	}
	to, err := url.Parse(address)
	if err != nil {
		m.remark(fmt.Errorf("%s: the address is not a URL", what))
		return
	}
	if signal != "" {
		to = to.JoinPath(signal)
	}
	var body []byte
	if report != nil {
		body, _ = json.Marshal(report) // a struct of ours
	}
	for try := 1; ; try++ {
		err = m.post(ctx, to.String(), m.run.redactor.Redact(string(body)))
		if err == nil || try == monitorTries {
			break
		}
		select {
		case <-time.After(monitorPause):
		case <-ctx.Done():
		}
	}
	if err != nil {
		m.remark(fmt.Errorf("%s: %w", what, err))
	}
}

func (m *monitors) post(ctx context.Context, to, body string) error {
	ctx, cancel := context.WithTimeout(ctx, monitorTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(body))
	if err != nil {
		return errors.New("the address is not a URL")
	}
	request.Header.Set("User-Agent", "adsync/"+version())
	request.Header.Set("Content-Type", "application/json")
	response, err := m.client.Do(request)
	// The address may be a secret: it stays out of the message.
	var asked *url.Error
	if errors.As(err, &asked) {
		err = asked.Err
	}
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	if response.StatusCode >= 300 {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	return nil
}

// endReport is how a run ended, as monitors are told it: numbers and no names.
// docs/monitoring.md describes it; fields are only ever added.
type endReport struct {
	Type    string         `json:"type"` // "run"
	Text    string         `json:"text"` // for a person; chat services show it
	Host    string         `json:"host"`
	Program string         `json:"program"`
	Target  string         `json:"target"`
	Started time.Time      `json:"started"`
	Exit    int            `json:"exit"`
	Summary summary        `json:"summary"`
	Sources []sourceResult `json:"sources"`
	Limits  []string       `json:"limits"`
	Approve string         `json:"approve,omitempty"`
	Error   *errorObject   `json:"error,omitempty"`

	ended    time.Time
	finished bool // the run came to its summary
	owned    [3]int
}

func (r *run) endReport(f *finished, err error) *endReport {
	host, _ := os.Hostname()
	e := &endReport{
		Type: "run", Host: host, Program: version(), Target: r.file.Target.URL, Started: f.started.UTC(), ended: r.env.Now(),
		Summary: f.summary, Sources: f.held.sources, Limits: []string{}, Approve: r.approveCommand(f),
	}
	e.Summary.Type, e.Summary.Seconds = "summary", float64(e.ended.Sub(f.started).Milliseconds())/1000
	if e.Sources == nil {
		e.Sources = []sourceResult{}
	}
	for _, b := range f.blown {
		e.Limits = append(e.Limits, b.String())
	}
	if f.plan != nil {
		e.owned = [3]int{f.plan.Owned.ActiveUsers, f.plan.Owned.Groups, f.plan.Owned.Memberships}
	}
	if err == nil {
		e.finished = true
		e.Text = "adsync: " + f.summary.line(e.ended.Sub(f.started))
		return e
	}
	failure := failureOf(err)
	e.Exit, e.finished = failure.Code, failure.Told
	e.Summary.Exit = e.Exit
	if e.finished {
		e.Text = fmt.Sprintf("adsync: %s (exit %d)", f.summary.line(e.ended.Sub(f.started)), e.Exit)
		return e
	}
	e.Error = &errorObject{Type: "error", Message: failure.Err.Error(), Hint: failure.Hint, Exit: e.Exit}
	e.Text = fmt.Sprintf("adsync: %s (exit %d)", e.Error.Message, e.Exit)
	return e
}

// signal is the last element of a ping's path: none on success, the exit code
// of a run that came to its end, "fail" of one that did not.
func (e *endReport) signal() string {
	switch {
	case e.Exit == ExitOK:
		return ""
	case e.finished:
		return strconv.Itoa(e.Exit)
	}
	return "fail"
}

// complete reports whether everything was done that could be: entries that
// cannot be right are quarantined in every run and are no failure of it.
func (e *endReport) complete() bool {
	return e.Exit == ExitOK || e.Exit == ExitPartial && e.finished && e.Summary.Failed == 0
}

// alarming reports whether the webhook is called: on failure, and when
// removals wait for a person.
func (e *endReport) alarming() bool { return !e.complete() || e.Summary.Withheld > 0 }

package commands

import (
	"cmp"
	"context"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"adsync/commands/config"
)

// folder is where the schedule's files go.
func (s *schedule) folder() string {
	if s.unitDir == "" && s.kind == launchdJob {
		return s.launchdFolder()
	}
	return cmp.Or(s.unitDir, unitFolder)
}

// present is the text of the schedule that is there: of a service, a job or a
// task, or the line of a crontab; "" where there is none.
func (s *schedule) present(ctx context.Context) string {
	switch {
	case s.kind == systemdTimer:
		return s.unit(".service")
	case s.kind == launchdJob:
		return s.unit(".plist")
	case s.kind == crontab && s.unitDir != "":
		_, line := cutMarked(s.unit(".crontab"), s.marker())
		return line
	case s.kind == crontab:
		if accounts := s.crontabs(ctx); len(accounts) > 0 {
			return s.crontabLine(ctx, accounts[0])
		}
		return ""
	case s.unitDir != "":
		return s.unit(".xml")
	}
	return cmp.Or(task(ctx, s.name), s.formerTask(ctx))
}

// presentKind is the kind of schedule that the configuration has, "" for none.
// Windows has but one, and into a unit folder goes what suits the machine.
func (s *schedule) presentKind(ctx context.Context) string {
	if s.system == "windows" || s.unitDir != "" {
		return ""
	}
	for _, kind := range []string{systemdTimer, launchdJob, crontab} {
		t := *s
		t.kind = kind
		if there := t.present(ctx); there != "" && (kind == crontab || t.runs(scheduledConfig(there))) {
			return kind
		}
	}
	return ""
}

// installed reports whether the configuration has a schedule of this kind.
func (s *schedule) installed(ctx context.Context) bool {
	switch {
	case s.kind == crontab && s.unitDir == "":
		return s.crontabLine(ctx, s.account) != ""
	case s.kind == systemdTimer:
		return exists(filepath.Join(s.folder(), s.name+".timer")) && s.another(s.unit(".service")) == ""
	}
	there := s.present(ctx)
	return s.unitDir == "" && there != "" && s.another(there) == ""
}

// staleSchedule says what to do about a stale one, with the flag that names the
// configuration.
const staleSchedule = `The service does not hand over all files of the configuration: run "adsync init --schedule%s" once more.`

// another is the configuration that the schedule of this name runs, where it is
// not ours: two in different folders may have one name. One that is there no
// more was moved, and does not count. A unit folder is the affair of whoever
// named it, and a crontab line is known by its configuration.
func (s *schedule) another(there string) string {
	path := scheduledConfig(there)
	if s.unitDir != "" || s.runs(path) || !exists(path) {
		return ""
	}
	return path
}

// runs reports whether a path in a schedule is that of the configuration.
func (s *schedule) runs(path string) bool {
	if s.kind == scheduledTask {
		return strings.EqualFold(path, s.config)
	}
	return path == s.config || path == oneLine(s.config)
}

// scheduledConfig is the configuration that a unit, a job or a task of ours
// runs, "" where it does not say.
func scheduledConfig(text string) string {
	if _, rest, isUnit := strings.Cut(text, "\nDescription=Synchronise users and groups to the SCIM service ("); isUnit {
		path, _, _ := strings.Cut(rest, ")\n")
		return strings.ReplaceAll(path, "%%", "%")
	}
	if path := between(text, "<string>--config</string><string>", "</string>"); path != "" {
		return html.UnescapeString(path)
	}
	_, path, _ := strings.Cut(html.UnescapeString(between(text, "<Arguments>", "</Arguments>")), `--config "`)
	return strings.TrimSuffix(path, `"`)
}

// between is what a file of XML has between two of its pieces, "" without them.
// Tools that edit such files put white space of their own between tags.
func between(text, start, end string) string {
	tags := strings.ReplaceAll(regexp.QuoteMeta(start), "><", `>\s*<`)
	found := regexp.MustCompile(`(?s)` + tags + `(.*?)` + regexp.QuoteMeta(end)).FindStringSubmatch(text)
	if found == nil {
		return ""
	}
	return found[1]
}

// stale reports whether an installed service does not open or hand over every
// file that the configuration names.
func (s *schedule) stale(f *config.File) bool {
	if s.kind != systemdTimer {
		return false
	}
	files, err := s.files(f)
	if err != nil {
		return false
	}
	there := s.unit(".service")
	for line := range strings.Lines(files[0].text) {
		switch key, _, _ := strings.Cut(line, "="); key {
		case "LoadCredential", "EnvironmentFile", "ReadWritePaths":
			if !strings.Contains(there, "\n"+line) {
				return true
			}
		}
	}
	return relianceOf(f).direct && strings.Contains(there, "\nLoadCredential=")
}

// otherAccount reports whether the schedule that is there runs under another
// account than was chosen now, and the secrets were stored for.
func (s *schedule) otherAccount() bool {
	if s.kind != systemdTimer {
		return s.kept.account != "" && !strings.EqualFold(s.kept.account, s.account)
	}
	_, text, named := strings.Cut(s.unit(".service"), "\nUser=")
	present, _, _ := strings.Cut(text, "\n")
	if s.account == dynamicAccount {
		return named && present != "root" // which it is where files are read in place
	}
	return present != s.account
}

// unit is the text of one of the schedule's files, "" where it is not there.
func (s *schedule) unit(ending string) string {
	text, err := os.ReadFile(filepath.Join(s.folder(), s.name+ending))
	if err != nil {
		return ""
	}
	if ending == ".xml" {
		return fromUTF16(text)
	}
	return string(text)
}

// kept is what a schedule that is there keeps when it is written anew.
type kept struct {
	account string
	times   string // when it runs, as the scheduler has it; "" for every so often
	delay   string // the longest random delay, where the run has one of its own
}

// follow takes what no flag says from the schedule that is there, so that it
// can be written anew without changing when and as whom it runs.
func (s *schedule) follow(ctx context.Context, o scheduleOptions) {
	if there := s.present(ctx); there != "" && s.another(there) == "" {
		s.kept = s.keeps(ctx, there)
		if o.RunAs == "" {
			s.account = s.kept.account
		}
		if o.Every != 0 {
			s.kept.times = ""
		} else if s.kind == systemdTimer {
			_, text, _ := strings.Cut(s.unit(".timer"), "\nDescription=Run "+s.name+".service every ")
			text, _, _ = strings.Cut(text, "\n")
			s.every, _ = time.ParseDuration(text)
		}
	}
	s.every = cmp.Or(s.every, defaultEvery)
}

// keeps reads what is kept from the text of a schedule.
func (s *schedule) keeps(ctx context.Context, there string) (k kept) {
	switch s.kind {
	case systemdTimer:
		if !strings.Contains(there, standIn) {
			_, there, _ = strings.Cut(there, "\nUser=")
			k.account, _, _ = strings.Cut(there, "\n")
		}
	case crontab:
		k.times = strings.Join(cronFields(strings.TrimLeft(there, "# ")), " ") // as it was before it was taken out of use
		if accounts := s.crontabs(ctx); s.unitDir == "" && len(accounts) > 0 {
			k.account = accounts[0]
		}
		_, there, _ = strings.Cut(strings.Replace(there, " --random-delay=", " --random-delay ", 1), " --random-delay ")
		k.delay, _, _ = strings.Cut(there, " ")
	case launchdJob:
		k.account = html.UnescapeString(between(there, "<key>UserName</key><string>", "</string>"))
		k.times = strings.TrimRight(strings.TrimLeft(between(there, "<key>StartCalendarInterval</key><array>", "</array>"), "\r\n"), " \t\r\n")
		k.delay = between(there, "<string>--random-delay</string><string>", "</string>")
	case scheduledTask:
		k.account = taskAccount(html.UnescapeString(between(between(there, "<Principals>", "</Principals>"), "<UserId>", "</UserId>")))
		k.times = between(there, "<Triggers>", "</Triggers>")
	}
	if d, err := time.ParseDuration(k.delay); err != nil || d <= 0 {
		k.delay = "" // none, or changed by hand to what is no time
	}
	return k
}

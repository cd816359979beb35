package commands

import (
	"cmp"
	"context"
	"html"
	"os"
	"path/filepath"
	"strings"
	"time"

	"adsync/commands/config"
)

// folder is where systemd's units go.
func (s *schedule) folder() string { return cmp.Or(s.unitDir, unitFolder) }

// installed reports whether the configuration has a schedule of this kind.
func (s *schedule) installed(ctx context.Context) bool {
	switch {
	case s.another() != "":
		return false
	case s.kind == systemdTimer:
		return exists(filepath.Join(s.folder(), s.name+".timer"))
	case s.unitDir != "":
		return false
	case s.kind == crontab:
		var whose []string
		if !s.own() {
			whose = []string{"-u", s.account}
		}
		text, err := tool(ctx, "", "crontab", append(whose, "-l")...)
		return err == nil && withoutMarked(text, s.marker()) != text
	}
	if s.kind == launchdJob {
		return exists(filepath.Join(s.launchdFolder(), s.name+".plist"))
	}
	_, err := tool(ctx, "", "schtasks", "/Query", "/TN", s.name)
	return err == nil
}

// staleSchedule says what to do about a stale one, with the flag that names the
// configuration.
const staleSchedule = `The service does not hand over all files of the configuration: run "adsync init --schedule%s" once more.`

// another is the configuration that the schedule of this name runs, where it is
// not ours: two in different folders may have one name. One that is there no
// more was moved, and does not count. A unit folder is the affair of whoever
// named it, and a crontab line is known by its configuration.
func (s *schedule) another() string {
	var text string
	switch {
	case s.unitDir != "":
	case s.kind == systemdTimer:
		text = s.unit(".service")
	case s.kind == launchdJob:
		job, _ := os.ReadFile(filepath.Join(s.launchdFolder(), s.name+".plist"))
		text = string(job)
	}
	path := scheduledConfig(text)
	if path == s.config || path == oneLine(s.config) || !exists(path) {
		return ""
	}
	return path
}

// scheduledConfig is the configuration that a unit or a job of ours runs, ""
// where it does not say.
func scheduledConfig(text string) string {
	if _, rest, isUnit := strings.Cut(text, "\nDescription=Synchronise users and groups to the SCIM service ("); isUnit {
		path, _, _ := strings.Cut(rest, ")\n")
		return strings.ReplaceAll(path, "%%", "%")
	}
	_, rest, _ := strings.Cut(text, "<string>--config</string>\n    <string>")
	path, _, _ := strings.Cut(rest, "</string>")
	return html.UnescapeString(path)
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

// otherAccount reports whether an installed service runs under another account
// than was chosen now, and the secrets were stored for.
func (s *schedule) otherAccount() bool {
	_, text, named := strings.Cut(s.unit(".service"), "\nUser=")
	present, _, _ := strings.Cut(text, "\n")
	switch {
	case s.kind != systemdTimer:
		return false
	case s.account == dynamicAccount:
		return named && present != "root" // which it is where files are read in place
	}
	return present != s.account
}

// unit is the text of an installed unit, "" where there is none.
func (s *schedule) unit(ending string) string {
	text, err := os.ReadFile(filepath.Join(s.folder(), s.name+ending))
	if err != nil {
		return ""
	}
	return string(text)
}

// follow takes what no flag says from the units that are there, so that they
// can be written anew without changing when and as whom they run.
func (s *schedule) follow(o scheduleOptions) {
	if s.kind == systemdTimer && s.another() == "" {
		if s.every == 0 {
			_, text, _ := strings.Cut(s.unit(".timer"), "\nDescription=Run "+s.name+".service every ")
			text, _, _ = strings.Cut(text, "\n")
			s.every, _ = time.ParseDuration(text)
		}
		if text := s.unit(".service"); o.RunAs == "" && !strings.Contains(text, standIn) {
			_, text, _ = strings.Cut(text, "\nUser=")
			s.account, _, _ = strings.Cut(text, "\n")
		}
	}
	s.every = cmp.Or(s.every, defaultEvery)
}

package commands

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/xml"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"

	"adsync/commands/config"
)

//go:embed schedule
var scheduleFiles embed.FS

// A scheduleFile is one file of a schedule.
type scheduleFile struct {
	name string // adsync.service
	text string
}

// scheduleView is what the templates show.
type scheduleView struct {
	Name, Config string

	Program, ConfigArgument string // for systemd
	ConfigText              string
	Dynamic                 bool
	User                    string
	StandIn                 string // the remark that it stands in for one of each run
	Unbound                 bool   // it opens files of every account, as root does by hand
	Credentials             []credential
	EnvironmentFile         string
	Writable                []string
	Homes, Temporary        bool // something of it is there
	EveryText, Calendar     string
	DelaySeconds            int

	Kept string // the times of a job or a task that is there

	Marker, CronTime, CronCommand string

	Label, Daemon, Errors string // for launchd
	Words                 []string
	Times                 []launchdTime

	ProgramPath, TaskConfig, UserID, LogonType, Interval string
}

// files are the files of the schedule for a configuration.
func (s *schedule) files(f *config.File) ([]scheduleFile, error) {
	view := s.view(f)
	names := map[string][]string{
		systemdTimer: {"adsync.service", "adsync.timer"}, crontab: {"adsync.crontab"},
		launchdJob: {"adsync.plist"}, scheduledTask: {"adsync.xml"},
	}[s.kind]
	var files []scheduleFile
	for _, name := range names {
		t, err := template.New(name).Funcs(template.FuncMap{"xml": xmlText}).ParseFS(scheduleFiles, "schedule/"+name)
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		if err := t.Execute(&b, view); err != nil {
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
		files = append(files, scheduleFile{s.name + filepath.Ext(name), b.String()})
	}
	return files, nil
}

func (s *schedule) view(f *config.File) scheduleView {
	v := scheduleView{Name: s.name, Kept: s.kept.times, Config: oneLine(s.config), EveryText: inHours(s.every), DelaySeconds: int(s.delay() / time.Second)}
	v.Calendar, _ = calendar(s.every) // checked when the schedule was made
	v.Interval = "PT" + strings.ToUpper(inHours(s.every))
	s.viewSystemd(&v, f)
	s.viewLaunchd(&v)
	v.Marker = s.marker()
	v.CronTime = cmp.Or(s.kept.times, cronTime(s.every, s.config))
	words := slices.Concat([]string{posixWord(s.program), "sync", "--quiet"}, s.putOff(), []string{"--config", posixWord(s.config)})
	command := strings.Join(words, " ")
	v.CronCommand = strings.ReplaceAll(command, "%", `\%`) // crontab(5): % ends the line
	v.ProgramPath, v.TaskConfig = s.program, `"`+s.config+`"`
	switch service := serviceAccount(s.account); {
	case service != "":
		v.UserID = service // has neither a password nor a desktop
	case s.managedAccount():
		v.UserID, v.LogonType = s.account, "Password" // a gMSA, whose password Windows fetches itself
	default:
		v.UserID, v.LogonType = s.account, "InteractiveToken"
	}
	return v
}

// serviceAccount is the SID of an account that Windows has for services, ""
// for any other.
func serviceAccount(name string) string {
	name = strings.ReplaceAll(strings.TrimPrefix(strings.ToLower(name), `nt authority\`), " ", "")
	return map[string]string{systemAccount: "S-1-5-18", "localservice": "S-1-5-19", "networkservice": "S-1-5-20"}[name]
}

func (s *schedule) viewSystemd(v *scheduleView, f *config.File) {
	needs := relianceOf(f)
	v.Program, v.User = systemdWord(s.program), s.account
	for _, folder := range needs.writable {
		v.Writable = append(v.Writable, systemdItem("-"+folder))
	}
	v.ConfigText = systemdPath(v.Config)
	inPlace := slices.Concat(needs.inPlace, needs.writable, []string{s.program})
	if needs.direct {
		inPlace = append(inPlace, s.config)
	}
	v.Homes = below(inPlace, "/home/", "/root/", "/run/user/")
	v.Temporary = below(inPlace, "/tmp/", "/var/tmp/")
	if needs.environment {
		v.EnvironmentFile = systemdPath(filepath.Join(filepath.Dir(s.config), "environment"))
	}
	if needs.direct {
		if s.account == dynamicAccount {
			v.User, v.StandIn = "root", standIn
		}
		v.Unbound = v.User == "root"
		v.ConfigArgument = systemdWord(s.config)
		return
	}
	v.Dynamic = s.account == dynamicAccount
	// Relative paths in the configuration start at its folder, and here that
	// is the one in which systemd puts the credentials.
	v.ConfigArgument = "${CREDENTIALS_DIRECTORY}/" + configCredential(s.config)
	for _, c := range needs.credentials {
		v.Credentials = append(v.Credentials, credential{c.Name, systemdPath(c.Path)})
	}
}

// below reports whether one of the paths is in one of the folders.
func below(paths []string, folders ...string) bool {
	return slices.ContainsFunc(paths, func(path string) bool {
		return slices.ContainsFunc(folders, func(folder string) bool { return strings.HasPrefix(path+"/", folder) })
	})
}

// standIn is the remark by which a later "init --schedule" knows that nobody
// chose root.
const standIn = "# An account made for each run could not open all that the configuration names."

// marker tells the crontab line of a configuration from all others.
func (s *schedule) marker() string {
	return "adsync " + oneLine(s.config) + ` ("adsync init --unschedule" takes this and the next line away)`
}

// systemdWord quotes a word of ExecStart= (systemd.service(5)).
func systemdWord(text string) string { return systemdItem(strings.ReplaceAll(text, "$", "$$")) }

// systemdItem quotes an item of a list (systemd.syntax(7)).
func systemdItem(text string) string {
	text = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`).Replace(text)
	if strings.ContainsAny(text, " '\";\t") {
		return `"` + text + `"`
	}
	return text
}

// systemdPath writes a path where specifiers are expanded.
func systemdPath(text string) string { return strings.ReplaceAll(text, "%", "%%") }

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func xmlText(text string) (string, error) {
	var b bytes.Buffer
	err := xml.EscapeText(&b, []byte(text))
	return b.String(), err
}

// inHours is a time of whole minutes as systemd and ISO 8601 write it: 2h,
// 30m.
func inHours(d time.Duration) string {
	if d%time.Hour == 0 {
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dm", d/time.Minute)
}

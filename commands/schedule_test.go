package commands

import (
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"adsync/commands/config"
)

// fileOf loads a configuration from a text, in a folder of its own.
func fileOf(t *testing.T, dir, name, text string) *config.File {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const usualConfig = `version: 1
sources:
  - id: corp
    type: ad
    url: ldaps://dc1.corp.example.com
    tls: {ca_file: ca.pem}
    bind: {username: svc-adsync@corp.example.com, password: {file: corp.password}}
target:
  url: https://scim.example.com/v2
  auth: {bearer: {file: target.token}}
`

const unusualConfig = `version: 1
sources:
  - id: corp
    type: ad
    url: ldaps://dc1.corp.example.com
    bind: {username: svc-adsync@corp.example.com, password: {command: [pass, show, adsync]}}
target:
  url: https://scim.example.com/v2
  auth: {bearer: {env: SCIM_TOKEN}}
log: {file: /var/log/adsync/adsync.log}
`

func TestTheFilesOfASchedule(t *testing.T) {
	for _, row := range []struct {
		name   string
		config string
		file   string
		s      schedule
	}{
		{"systemd, an account for each run", usualConfig, "adsync.yaml", schedule{kind: systemdTimer, account: dynamicAccount, every: 2 * time.Hour}},
		{"systemd, an account of the machine", usualConfig, "other.yaml", schedule{kind: systemdTimer, account: "adsync", every: 30 * time.Minute}},
		{"systemd, secrets that only an account has", unusualConfig, "adsync.yaml", schedule{kind: systemdTimer, account: dynamicAccount, every: 24 * time.Hour}},
		{"systemd, files in homes and temporary folders", strings.NewReplacer("{command: [pass, show, adsync]}", "{file: /root/corp.password}", "/var/log/", "/tmp/").Replace(unusualConfig), "adsync.yaml", schedule{kind: systemdTimer, account: "adsync", every: 2 * time.Hour}},
		{"systemd, names to be quoted", usualConfig, "50% größer $X.yaml", schedule{kind: systemdTimer, account: dynamicAccount, every: time.Hour, program: "/opt/my tools/adsync"}},
		{"crontab", usualConfig, "adsync.yaml", schedule{kind: crontab, account: "ada", every: 2 * time.Hour}},
		{"crontab, names to be quoted", usualConfig, "it's 50% größer.yaml", schedule{kind: crontab, account: "ada", every: 15 * time.Minute}},
		{"systemd, folders to be quoted", strings.Replace(unusualConfig, "/var/log/adsync/", "/var/log/50% größer $X/", 1), "adsync.yaml", schedule{kind: systemdTimer, account: "adsync", every: time.Hour}},
		{"launchd, of the machine", usualConfig, "adsync.yaml", schedule{kind: launchdJob, account: "adsync", every: 4 * time.Hour}},
		{"launchd, names to be quoted", usualConfig, "a&b <größer>.yaml", schedule{kind: launchdJob, account: "ada", me: "ada", every: 15 * time.Minute, program: "/Applications/my tools/adsync"}},
		{"task of SYSTEM", usualConfig, "adsync.yaml", schedule{kind: scheduledTask, account: systemAccount, every: 2 * time.Hour, program: `C:\Program Files\adsync\adsync.exe`}},
		{"task of a gMSA", usualConfig, "a&b <größer>.yaml", schedule{kind: scheduledTask, account: `CORP\gmsa-adsync$`, every: 30 * time.Minute, program: `C:\adsync.exe`}},
		{"task of a service account", usualConfig, "adsync.yaml", schedule{kind: scheduledTask, account: `NT AUTHORITY\NETWORK SERVICE`, every: 2 * time.Hour, program: `C:\adsync.exe`}},
		{"task of a person", usualConfig, "adsync.yaml", schedule{kind: scheduledTask, account: `CORP\ada`, every: 4 * time.Hour, program: `C:\adsync.exe`}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if runtime.GOOS == "windows" {
				t.Skip("paths of this test are of another system")
			}
			f := fileOf(t, t.TempDir(), row.file, row.config)
			f.Path = "/etc/adsync/" + row.file // where it is matters to what a service must see
			s := row.s
			made, err := newSchedule(t.Context(), Env{}, scheduleOptions{Kind: s.kind, Every: s.every, RunAs: s.account}, f.Path)
			if err != nil {
				t.Fatal(err)
			}
			made.config, made.me, made.name = f.Path, cmp.Or(s.me, "root"), config.ServiceName(f.Path)
			made.program = cmp.Or(s.program, "/usr/local/bin/adsync")
			files, err := made.files(f)
			if err != nil {
				t.Fatal(err)
			}
			var all strings.Builder
			for _, file := range files {
				all.WriteString("==> " + file.name + "\n" + file.text)
			}
			text := all.String()
			if s.kind == launchdJob {
				text = regexp.MustCompile(`(<key>Minute</key><integer>)\d+`).ReplaceAllString(text, "${1}MINUTE") // it depends on the path
			}
			if s.kind == crontab {
				// The minute depends on the path.
				_, rest, _ := strings.Cut(text, "\n# ")
				line := strings.Split(rest, "\n")[1]
				text = strings.Replace(text, strings.Fields(line)[0], "MINUTE", 1)
			}
			golden(t, "schedule/"+strings.ReplaceAll(strings.ReplaceAll(row.name, ",", ""), " ", "-")+".txt", text)
			if s.kind == systemdTimer {
				verifyUnits(t, files)
			}
			if s.kind == scheduledTask || s.kind == launchdJob {
				wellFormed(t, files[0].text)
			}
		})
	}
}

// A file that everybody may read is out of reach in a folder that nobody may
// enter.
func TestAFileInAClosedFolderIsNotForEveryAccount(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("systemd is not there")
	}
	closed := t.TempDir()
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(closed, "corp.password")
	if err := os.WriteFile(secret, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	f := fileOf(t, t.TempDir(), "adsync.yaml", strings.Replace(usualConfig, "file: corp.password", "file: "+secret, 1))
	if needs := relianceOf(f); !needs.direct {
		t.Errorf("%s is left to an account without rights", secret)
	}
}

// Root stands in for an account of each run only as long as it must.
func TestAServiceUnderRootGoesBackToAnAccountForEachRun(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("systemd is not there")
	}
	dir, units := t.TempDir(), t.TempDir()
	installed := func(text string) string {
		t.Helper()
		f := fileOf(t, dir, "adsync.yaml", text)
		s, err := newSchedule(t.Context(), Env{}, scheduleOptions{Kind: systemdTimer, UnitDir: units}, f.Path)
		if err != nil {
			t.Fatal(err)
		}
		if exists(filepath.Join(units, "adsync.service")) && !s.stale(f) {
			t.Error("the service is taken for one that has all it needs")
		}
		mustDo(t, s.install, f)
		if s.stale(f) {
			t.Error("the service is said to lack something")
		}
		return s.unit(".service")
	}
	inPlace := strings.Replace(usualConfig, "{file: corp.password}", "{command: [pass, show, adsync]}", 1)
	if got := installed(inPlace); !strings.Contains(got, "\nUser=root\n") {
		t.Errorf("service\n%s", got)
	}
	if got := installed(inPlace + "log: {file: /var/log/adsync/adsync.log}\n"); !strings.Contains(got, "\nReadWritePaths=-/var/log/adsync\n") {
		t.Errorf("service\n%s", got)
	}
	if got := installed(usualConfig); !strings.Contains(got, "\nDynamicUser=yes\n") {
		t.Errorf("service\n%s", got)
	}
}

// verifyUnits has systemd itself read the units.
func verifyUnits(t *testing.T, files []scheduleFile) {
	t.Helper()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		if os.Getenv("ADSYNC_REQUIRE_SERVERS") == "1" {
			t.Fatal("systemd-analyze is missing: apt-get install systemd")
		}
		t.Log("systemd-analyze is missing: apt-get install systemd")
		return
	}
	dir := t.TempDir()
	args := []string{"verify", "--man=no"}
	for i := range files {
		// The program must be there, and it is not where the service expects it.
		lines := strings.Split(files[i].text, "\n")
		for n, line := range lines {
			if strings.HasPrefix(line, "ExecStart=") {
				lines[n] = "ExecStart=/bin/true" + line[strings.Index(line, " sync "):]
			}
		}
		path := filepath.Join(dir, files[i].name)
		if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	output, err := exec.Command(analyze, args...).CombinedOutput()
	if err != nil || strings.Contains(string(output), dir) {
		t.Errorf("systemd-analyze verify: %v\n%s", err, output)
	}
	// From 0 to 10, where less is exposed less. An account of the machine, who
	// may write somewhere, counts for a little.
	output, err = exec.Command(analyze, "security", "--offline=yes", "--threshold=20", "--no-pager", args[2]).CombinedOutput()
	if err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, output)
	}
}

func wellFormed(t *testing.T, text string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestHowOftenASyncCanRun(t *testing.T) {
	for _, row := range []struct {
		every          time.Duration
		calendar, cron string
	}{
		{5 * time.Minute, "*-*-* *:00/05:00", "4-59/5 * * * *"},
		{30 * time.Minute, "*-*-* *:00/30:00", "14-59/30 * * * *"},
		{time.Hour, "*-*-* 00/1:00:00", "44 */1 * * *"},
		{2 * time.Hour, "*-*-* 00/2:00:00", "44 */2 * * *"},
		{24 * time.Hour, "*-*-* 00:00:00", "44 0 * * *"},
		{time.Minute, "", ""}, {7 * time.Hour, "", ""}, {90 * time.Minute, "", ""}, {48 * time.Hour, "", ""}, {-time.Hour, "", ""}, {time.Hour + time.Second, "", ""},
	} {
		got, err := calendar(row.every)
		if got != row.calendar || (err == nil) != (row.calendar != "") {
			t.Errorf("%s: %q, %v", row.every, got, err)
		}
		if err == nil {
			if got := cronTime(row.every, "seed"); got != row.cron {
				t.Errorf("%s: cron %q, want %q", row.every, got, row.cron)
			}
		}
	}
}

// fakePrograms puts programs in front of the system's.
func fakePrograms(t *testing.T, scripts map[string]string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the programs are shell scripts")
	}
	dir := t.TempDir()
	for name, text := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func TestACrontabKeepsItsOtherLines(t *testing.T) {
	tab := filepath.Join(t.TempDir(), "tab")
	fakePrograms(t, map[string]string{"crontab": `case $1 in
-l) test -f ` + tab + ` && cat ` + tab + ` || { echo "no crontab for ada" >&2; exit 1; } ;;
-r) rm ` + tab + ` ;;
-) cat > ` + tab + ` ;;
*) exit 2 ;;
esac
`})
	f := fileOf(t, t.TempDir(), "adsync.yaml", usualConfig)
	other := fileOf(t, t.TempDir(), "adsync.yaml", usualConfig)
	schedules := map[*config.File]schedule{}
	for _, f := range []*config.File{f, other} {
		s, err := newSchedule(t.Context(), Env{}, scheduleOptions{Kind: crontab}, f.Path)
		if err != nil {
			t.Fatal(err)
		}
		schedules[f] = s
	}
	install := func(f *config.File) { t.Helper(); s := schedules[f]; mustDo(t, s.install, f) }
	remove := func(f *config.File) {
		t.Helper()
		s := schedules[f]
		if _, err := s.remove(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	lines := func() string { text, _ := os.ReadFile(tab); return string(text) }

	install(f)
	if got := lines(); strings.Count(got, "\n") != 2 || !strings.Contains(got, " sync --quiet --random-delay 20m --config "+f.Path) {
		t.Errorf("crontab\n%s", got)
	}
	remove(f)
	if _, err := os.Stat(tab); err == nil {
		t.Errorf("an empty crontab stays:\n%s", lines())
	}
	const mine = "MAILTO=ada\n5 5 * * * backup\n"
	if err := os.WriteFile(tab, []byte(mine), 0o600); err != nil {
		t.Fatal(err)
	}
	install(f)
	install(other)
	install(f)
	if got := lines(); strings.Count(got, "\n") != 6 || !strings.HasPrefix(got, mine) {
		t.Errorf("crontab\n%s", got)
	}
	remove(f)
	remove(f)
	remove(other)
	if got := lines(); got != mine {
		t.Errorf("crontab\n%s", got)
	}
}

// A crontab that could not be read is not taken for an empty one.
func TestACrontabThatCannotBeReadIsLeftAlone(t *testing.T) {
	tab := filepath.Join(t.TempDir(), "tab")
	fakePrograms(t, map[string]string{"crontab": "case $1 in -l) echo 'crontab: /var/spool/cron/crontabs/ada: Input/output error' >&2; exit 1;; *) cat > " + tab + ";; esac\n"})
	f := fileOf(t, t.TempDir(), "adsync.yaml", usualConfig)
	s, err := newSchedule(t.Context(), Env{}, scheduleOptions{Kind: crontab}, f.Path)
	if err != nil {
		t.Fatal(err)
	}
	_, installed := s.install(t.Context(), f)
	_, removed := s.remove(t.Context())
	for _, err := range []error{installed, removed} {
		if err == nil || !strings.Contains(err.Error(), "Input/output error") {
			t.Errorf("%v", err)
		}
	}
	if exists(tab) {
		t.Error("it was written over")
	}
}

// Where there is no cron, there is no line to take away.
func TestWithoutCronThereIsNoSchedule(t *testing.T) {
	f := fileOf(t, t.TempDir(), "adsync.yaml", usualConfig)
	s, err := newSchedule(t.Context(), Env{}, scheduleOptions{Kind: crontab}, f.Path)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", t.TempDir())
	if done, err := s.remove(t.Context()); err != nil || len(done) > 0 {
		t.Errorf("%v, %v", done, err)
	}
	if _, err := s.install(t.Context(), f); err == nil || err.Error() != "this machine has no crontab program" {
		t.Errorf("installed: %v", err)
	}
}

func mustDo(t *testing.T, do func(context.Context, *config.File) ([]string, error), f *config.File) []string {
	t.Helper()
	done, err := do(context.Background(), f)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestATaskIsRegisteredAndTakenAway(t *testing.T) {
	tasks := fakeTasks(t)
	f := fileOf(t, t.TempDir(), "adsync.yaml", usualConfig)
	s, err := newSchedule(t.Context(), Env{}, scheduleOptions{Kind: scheduledTask}, f.Path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := mustDo(t, s.install, f), []string{"registered the task " + s.name}; !slices.Equal(got, want) {
		t.Errorf("did %q, want %q", got, want)
	}
	text := contents(t, filepath.Join(tasks, s.name))
	if !strings.HasPrefix(text, "\xff\xfe") {
		t.Errorf("not UTF-16 with a mark: % x", text[:4])
	}
	if got := fromUTF16([]byte(text)); !strings.HasPrefix(got, "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n<Task ") || !strings.Contains(got, "<UserId>S-1-5-18</UserId>") {
		t.Errorf("task\n%s", got)
	}
	for _, want := range [][]string{{"removed the task " + s.name}, nil} {
		if got, err := s.remove(t.Context()); err != nil || !slices.Equal(got, want) {
			t.Errorf("did %q, want %q, %v", got, want, err)
		}
	}
}

func TestInitScheduleAloneDoesOnlyThis(t *testing.T) {
	s := corp(t)
	units := filepath.Join(s.dir, "units")
	alone := func(change ...func(*initOptions)) told {
		return s.init(nil, append([]func(*initOptions){func(o *initOptions) {
			o.Kind, o.UnitDir = systemdTimer, units
			o.Schedule = true
		}}, change...)...)
	}
	if r := alone(); r.code != ExitUsage || !strings.Contains(r.err.Error(), "there is no configuration "+s.config()) {
		t.Errorf("without a configuration: exit %d: %v", r.code, r.err)
	}
	s.ok(s.init(nil, s.allFlags()))
	before := s.read("adsync.yaml")
	r := s.ok(alone())
	if want := "wrote DIR/units/adsync.service\nwrote DIR/units/adsync.timer\n"; s.neutral(r.stdout) != want {
		t.Errorf("stdout %q", s.neutral(r.stdout))
	}
	if s.read("adsync.yaml") != before {
		t.Error("the configuration was changed")
	}
	r = s.ok(alone(func(o *initOptions) { o.Schedule, o.Unschedule = false, true }))
	if want := "removed DIR/units/adsync.service\nremoved DIR/units/adsync.timer\n"; s.neutral(r.stdout) != want {
		t.Errorf("stdout %q", s.neutral(r.stdout))
	}
	if r := alone(func(o *initOptions) { o.Unschedule = true }); r.code != ExitUsage {
		t.Errorf("both: exit %d", r.code)
	}
}

// A schedule that is there keeps its time and account when it is written
// anew, and has to be when the configuration names another file.
func TestAnInstalledScheduleIsFollowed(t *testing.T) {
	s := corp(t)
	units := filepath.Join(s.dir, "units")
	systemd := func(o *initOptions) { o.Kind, o.UnitDir = systemdTimer, units }
	schedule := func(o *initOptions) { o.Schedule = true }
	s.ok(s.init(nil, s.allFlags(), systemd, schedule, func(o *initOptions) { o.Every, o.RunAs = 30*time.Minute, "root" }))
	if got := s.read("units/adsync.timer"); !strings.Contains(got, "OnCalendar=*-*-* *:00/30:00") {
		t.Errorf("timer\n%s", got)
	}
	r := s.ok(s.init(map[string]string{"change": "target", "change#2": "done", "token": "", "profile": "okta", "write": "write"}, systemd))
	if !strings.Contains(r.stderr, "The schedule stays as it is.") {
		t.Errorf("stderr\n%s", r.stderr)
	}
	s.put("new.password", demoPassword)
	r = s.ok(s.init(nil, systemd, flags("password-file", filepath.Join(s.dir, "new.password"))))
	if want := `The service does not hand over all files of the configuration: run "adsync init --schedule --config DIR/adsync.yaml" once more.`; !strings.Contains(s.neutral(r.stderr), want) {
		t.Errorf("stderr\n%s", r.stderr)
	}
	s.ok(s.init(nil, systemd, schedule))
	if got := s.read("units/adsync.timer"); !strings.Contains(got, "OnCalendar=*-*-* *:00/30:00") {
		t.Errorf("timer\n%s", got)
	}
	if got := s.neutral(s.read("units/adsync.service")); !strings.Contains(got, "\nUser=root\n") || !strings.Contains(got, "\nLoadCredential=new.password:DIR/new.password\n") {
		t.Errorf("service\n%s", got)
	}
}

func TestTheScheduleIsShownAndInstalledOnRequest(t *testing.T) {
	s := corp(t)
	s.ok(s.init(nil, s.allFlags()))
	tab := filepath.Join(s.dir, "tab")
	fakePrograms(t, map[string]string{"crontab": "case $1 in -) cat > " + tab + ";; *) exit 1;; esac\n"})
	cron := func(o *initOptions) { o.Kind, o.Schedule = crontab, true }
	r := s.ok(s.init(map[string]string{"install": "no"}, cron))
	if !strings.Contains(r.stdout, "sync --quiet --random-delay 20m --config "+s.config()) {
		t.Errorf("stdout %q", r.stdout)
	}
	if _, err := os.Stat(tab); err == nil {
		t.Error("installed without being asked to")
	}
	r = s.ok(s.init(map[string]string{"install": "yes"}, cron))
	if got, _ := os.ReadFile(tab); string(got) == "" || !strings.HasPrefix(r.stdout, string(got)) {
		t.Errorf("crontab %q, stdout %q", got, r.stdout)
	}
}

func TestTheWizardEndsWithTheSchedule(t *testing.T) {
	s := corp(t)
	tab := filepath.Join(s.dir, "tab")
	fakePrograms(t, map[string]string{"crontab": "case $1 in -) cat > " + tab + ";; *) exit 1;; esac\n"})
	answers := s.answers("run-as", "me", "schedule#1", "print", "schedule#2", "install")
	r := s.ok(s.init(answers, func(o *initOptions) { o.Kind = crontab }))
	if got, _ := os.ReadFile(tab); string(got) == "" || !strings.Contains(r.stdout, string(got)) {
		t.Errorf("crontab %q, stdout %q", got, r.stdout)
	}
}

func TestScheduleFlagsThatMakeNoSense(t *testing.T) {
	for _, row := range []struct {
		o    scheduleOptions
		says string
	}{
		{scheduleOptions{Kind: "at"}, `--schedule-kind: "at" is none of systemd, cron, launchd, task`},
		{scheduleOptions{Every: 7 * time.Hour}, "--every: 7h0m0s divides neither an hour nor a day"},
		{scheduleOptions{Kind: crontab, RunAs: "dynamic"}, "--run-as: dynamic is not an account for cron"},
		{scheduleOptions{Kind: systemdTimer, RunAs: "SYSTEM"}, "--run-as: system is not an account for systemd"},
		{scheduleOptions{Kind: launchdJob, RunAs: "dynamic"}, "--run-as: dynamic is not an account for launchd"},
	} {
		if _, err := newSchedule(t.Context(), Env{}, row.o, "/etc/adsync/adsync.yaml"); err == nil || err.Error() != row.says {
			t.Errorf("%+v: %v", row.o, err)
		}
	}
}

func TestAPathThatFitsIntoNoScheduleIsRefused(t *testing.T) {
	for _, kind := range []string{systemdTimer, crontab, launchdJob, scheduledTask} {
		_, err := newSchedule(t.Context(), Env{}, scheduleOptions{Kind: kind}, "/etc/adsync\n* * * * * rm/adsync.yaml")
		if err == nil || !strings.Contains(err.Error(), "a path with control characters fits into no schedule") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// A managed account has no password that anybody could give to schtasks.
func TestATaskOfAManagedAccountIsRegisteredWithoutAPassword(t *testing.T) {
	dir := t.TempDir()
	fakePrograms(t, map[string]string{"powershell": `printf '%s\n' "$@" > ` + dir + `/call`, "schtasks": "exit 1"})
	f := fileOf(t, dir, "adsync.yaml", usualConfig)
	s, err := newSchedule(t.Context(), Env{}, scheduleOptions{Kind: scheduledTask, RunAs: `O'HARA\gmsa-adsync$`}, f.Path)
	if err != nil {
		t.Fatal(err)
	}
	mustDo(t, s.install, f)
	call, _ := os.ReadFile(filepath.Join(dir, "call"))
	text := regexp.MustCompile(`ReadAllText\('[^']*'\)`).ReplaceAllString(strings.Replace(string(call), s.name, "NAME", 1), "TEXT")
	want := "-NoProfile\n-NonInteractive\n-Command\n$ErrorActionPreference = 'Stop'; $service = New-Object -ComObject Schedule.Service; $service.Connect(); " +
		"$null = $service.GetFolder('\\').RegisterTask('NAME', [IO.File]::TEXT, 6, 'O''HARA\\gmsa-adsync$', $null, 1)\n"
	if text != want {
		t.Errorf("got\n%swant\n%s", text, want)
	}
}

func TestAJobIsLoadedAndTakenAway(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	fakePrograms(t, map[string]string{"launchctl": `echo "$@" >> ` + dir + `/calls
case $1 in bootout) exit 3 ;; esac
`})
	f := fileOf(t, dir, "adsync.yaml", usualConfig)
	s, err := newSchedule(t.Context(), Env{}, scheduleOptions{Kind: launchdJob}, f.Path)
	if err != nil {
		t.Fatal(err)
	}
	s.me, s.account = "ada", "ada"
	job := filepath.Join(dir, "Library", "LaunchAgents", "adsync.plist")
	for range 2 { // an older one is replaced
		if got, want := mustDo(t, s.install, f), []string{"wrote " + job, "loaded the job adsync"}; !slices.Equal(got, want) {
			t.Errorf("did %q, want %q", got, want)
		}
	}
	if !s.installed(t.Context()) {
		t.Error("it is not found")
	}
	for _, want := range [][]string{{"removed " + job}, nil} {
		got, err := s.remove(t.Context())
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("did %q, want %q, %v", got, want, err)
		}
	}
	calls, _ := os.ReadFile(filepath.Join(dir, "calls"))
	domain := fmt.Sprintf("gui/%d", os.Getuid())
	replaced := "bootout " + domain + "/adsync\nbootstrap " + domain + " " + job + "\n"
	if want := replaced + replaced + "bootout " + domain + "/adsync\n"; string(calls) != want {
		t.Errorf("calls\n%swant\n%s", calls, want)
	}
}

// What a schedule runs can be read from it.
func TestAScheduleNamesItsConfiguration(t *testing.T) {
	for _, path := range []string{"/etc/adsync/adsync.yaml", "/etc/50% \"a\" & 'b' <c>/größer (2).yaml"} {
		for _, kind := range []string{systemdTimer, launchdJob} {
			s := schedule{kind: kind, config: path, program: "/usr/local/bin/adsync", name: "adsync", me: "ada", account: "ada", every: 2 * time.Hour}
			f := fileOf(t, t.TempDir(), "adsync.yaml", usualConfig)
			f.Path = path
			files, err := s.files(f)
			if err != nil {
				t.Fatal(err)
			}
			if got := scheduledConfig(files[0].text); got != path {
				t.Errorf("%s names %q, not %q", kind, got, path)
			}
		}
	}
	if got := scheduledConfig("[Unit]\nDescription=Something else\n"); got != "" {
		t.Errorf("another's unit names %q", got)
	}
}

// Configurations of one name in different folders do not take each other's
// schedule.
func TestTheScheduleOfAnotherConfigurationIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	fakePrograms(t, map[string]string{"launchctl": "exit 0"})
	job := filepath.Join(dir, "Library", "LaunchAgents", "adsync.plist")
	made := func(folder string) (*schedule, *config.File) {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
		f := fileOf(t, filepath.Join(dir, folder), "adsync.yaml", usualConfig)
		if err := os.WriteFile(f.Path, []byte(usualConfig), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := newSchedule(t.Context(), Env{}, scheduleOptions{Kind: launchdJob}, f.Path)
		if err != nil {
			t.Fatal(err)
		}
		s.me, s.account = "ada", "ada"
		return &s, f
	}
	first, f := made("Dev & Co")
	second, g := made("prod")
	mustDo(t, first.install, f)
	before := contents(t, job)
	_, err := second.install(t.Context(), g)
	if want := "there is a schedule adsync already, of " + f.Path; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if done, err := second.remove(t.Context()); err != nil || len(done) > 0 || second.installed(t.Context()) || !first.installed(t.Context()) {
		t.Errorf("removed %v, %v", done, err)
	}
	if contents(t, job) != before {
		t.Error("it was changed")
	}
	// One that was moved takes its schedule along.
	if err := os.Remove(f.Path); err != nil {
		t.Fatal(err)
	}
	mustDo(t, second.install, g)
	if !strings.Contains(contents(t, job), g.Path) {
		t.Error(contents(t, job))
	}
}

// The lines and files say the same twice, so that installing again changes
// nothing.
func TestASystemdScheduleIsInstalledTwiceAndTakenAwayTwice(t *testing.T) {
	dir := t.TempDir()
	units := filepath.Join(dir, "units")
	f := fileOf(t, dir, "adsync.yaml", usualConfig)
	texts := map[string]string{}
	for range 2 {
		s, err := newSchedule(t.Context(), Env{}, scheduleOptions{Kind: systemdTimer, UnitDir: units}, f.Path)
		if err != nil {
			t.Fatal(err)
		}
		mustDo(t, s.install, f)
		for _, name := range []string{"adsync.service", "adsync.timer"} {
			text := contents(t, filepath.Join(units, name))
			if before := texts[name]; before != "" && before != text {
				t.Errorf("%s is not the same when it is written again:\n%s", name, text)
			}
			texts[name] = text
		}
	}
	s, _ := newSchedule(t.Context(), Env{}, scheduleOptions{Kind: systemdTimer, UnitDir: units}, f.Path)
	for _, want := range []int{2, 0} {
		if got, err := s.remove(t.Context()); err != nil || len(got) != want {
			t.Errorf("removed %q, %v", got, err)
		}
	}
}

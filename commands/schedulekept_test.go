package commands

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"adsync/commands/config"
)

// fakeCrontab is a crontab(1) whose tables are files named for the accounts.
func fakeCrontab(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	fakePrograms(t, map[string]string{"crontab": `who=ada
case $1 in -u) who=$2; shift 2 ;; esac
tab=` + folder + `/$who
case $1 in
-l) test -f $tab && cat $tab || { echo "no crontab for $who" >&2; exit 1; } ;;
-r) rm $tab ;;
-) cat > $tab ;;
*) exit 2 ;;
esac
`})
	return folder
}

// fakeTasks is a Task Scheduler whose tasks are files named for them, as both
// schtasks and PowerShell know them.
func fakeTasks(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	fakePrograms(t, map[string]string{
		"schtasks": `task=` + folder + `/$3
case $1 in
/Create) task=` + folder + `/$4; cp "$6" "$task"; exit ;;
/Query) test -f "$task" || exit 1; tr -d '\000' < "$task" | tr -c '\12\15\40-\176' '?' ;;
/Delete) rm ` + folder + `/$4 ;;
esac
`,
		"powershell": `name=${4#*GetTask(\'}
iconv -f UTF-16 -t UTF-8 "` + folder + `/${name%%\'*}" | base64
`,
	})
	return folder
}

// scheduled is a schedule of ada's for a configuration, as newSchedule makes it
// where she runs the program.
func scheduled(t *testing.T, f *config.File, o scheduleOptions, env Env) *schedule {
	t.Helper()
	s, err := newSchedule(t.Context(), env, o, f.Path)
	if err != nil {
		t.Fatal(err)
	}
	s.me, s.every, s.account, s.kept = "ada", o.Every, o.RunAs, kept{}
	s.follow(t.Context(), o)
	s.account = s.accountOr(s.account)
	return &s
}

// Installed again without flags, a schedule is the same as before, with what
// was changed in it by hand.
func TestAScheduleThatIsInstalledAgainIsKept(t *testing.T) {
	for _, row := range []struct {
		kind             string
		before, after    string // a change by hand
		everyHalf, daily string
		delayed          string
	}{
		{crontab, " * * * * ", " 8-18 * * 1-5 ", "-59/30 * * * * ", " 0 * * * ", "--random-delay 5m "},
		{launchdJob, "<key>Minute</key>", "<key>Weekday</key><integer>1</integer><key>Minute</key>", "<dict><key>Minute", "<dict><key>Hour</key><integer>0", "<string>5m</string>"},
		{scheduledTask, "2026-01-01T00:00:00", "2026-01-01T03:10:00", "<Interval>PT30M<", "<Interval>PT24H<", "<RandomDelay>PT300S<"},
	} {
		t.Run(row.kind, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("HOME", dir)
			tabs, tasks := fakeCrontab(t), fakeTasks(t)
			fakePrograms(t, map[string]string{"launchctl": "exit 0"})
			f := fileOf(t, dir, "50% größer.yaml", usualConfig)
			again := func(o scheduleOptions) *schedule {
				t.Helper()
				o.Kind = row.kind
				s := scheduled(t, f, o, Env{})
				mustDo(t, s.install, f)
				return s
			}
			s := again(scheduleOptions{Every: 30 * time.Minute})
			path := map[string]string{crontab: filepath.Join(tabs, "ada"), launchdJob: filepath.Join(s.folder(), s.name+".plist"), scheduledTask: filepath.Join(tasks, s.name)}[row.kind]
			read := func() string {
				t.Helper()
				if row.kind == scheduledTask {
					return fromUTF16([]byte(contents(t, path)))
				}
				return contents(t, path)
			}
			first := read()
			if !strings.Contains(first, row.everyHalf) || !strings.Contains(first, row.delayed) {
				t.Errorf("first\n%s", first)
			}
			if again(scheduleOptions{}); read() != first {
				t.Errorf("again\n%s", read())
			}
			changed := strings.Replace(first, row.before, row.after, 1)
			text := []byte(changed)
			if row.kind == scheduledTask {
				text = utf16Text(strings.TrimPrefix(changed, `<?xml version="1.0" encoding="UTF-16"?>`+"\n"))
			}
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			if again(scheduleOptions{}); changed == first || read() != changed {
				t.Errorf("changed by hand\n%s\nbecame\n%s", changed, read())
			}
			again(scheduleOptions{Every: 24 * time.Hour})
			if got := read(); !strings.Contains(got, row.daily) || strings.Contains(got, row.after) || strings.Contains(got, row.delayed) {
				t.Errorf("--every 24h\n%s", got)
			}
		})
	}
}

// A random delay that somebody took out of a line stays out.
func TestALineWithoutARandomDelayStaysWithout(t *testing.T) {
	tabs := fakeCrontab(t)
	f := fileOf(t, t.TempDir(), "adsync.yaml", usualConfig)
	s := scheduled(t, f, scheduleOptions{Kind: crontab}, Env{})
	mustDo(t, s.install, f)
	tab := filepath.Join(tabs, "ada")
	if err := os.WriteFile(tab, []byte(strings.Replace(contents(t, tab), "--random-delay 20m ", "", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	before := contents(t, tab)
	s = scheduled(t, f, scheduleOptions{Kind: crontab}, Env{})
	mustDo(t, s.install, f)
	if got := contents(t, tab); got != before || !strings.Contains(got, " sync --quiet --config ") {
		t.Errorf("crontab\n%s", got)
	}
}

// Root finds the line in the crontab of the account that was named once, and
// another account's takes its place.
func TestACrontabLineStaysWithItsAccount(t *testing.T) {
	tabs := fakeCrontab(t)
	f := fileOf(t, t.TempDir(), "adsync.yaml", usualConfig)
	env := Env{crontabs: []string{tabs}}
	install := func(o scheduleOptions) []string {
		t.Helper()
		o.Kind, o.UnitDir = crontab, ""
		s := scheduled(t, f, o, env)
		s.program = "/bin/true"
		done, err := s.installCrontab(t.Context(), "# "+s.marker()+"\n"+cronTime(s.every, "")+" adsync sync --quiet\n")
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	install(scheduleOptions{RunAs: "grace"})
	if s := scheduled(t, f, scheduleOptions{Kind: crontab}, env); s.account != "grace" || !s.installed(t.Context()) {
		t.Errorf("it is taken for one of %s", s.account)
	}
	done := strings.Join(install(scheduleOptions{RunAs: "alan"}), "\n")
	if want := "added the line to the crontab of alan\nremoved the line from the crontab of grace"; done != want {
		t.Errorf("did %s", done)
	}
	if exists(filepath.Join(tabs, "grace")) || !exists(filepath.Join(tabs, "alan")) {
		t.Error("it runs twice or not at all")
	}
	s := scheduled(t, f, scheduleOptions{Kind: crontab}, env)
	if done, err := s.remove(t.Context()); err != nil || len(done) != 1 || exists(filepath.Join(tabs, "alan")) {
		t.Errorf("removed %q, %v", done, err)
	}
}

// A schedule of another kind than the machine's usual one is no reason for a
// second.
func TestAScheduleKeepsItsKind(t *testing.T) {
	fakeCrontab(t)
	f := fileOf(t, t.TempDir(), "adsync.yaml", usualConfig)
	s := scheduled(t, f, scheduleOptions{Kind: crontab, Every: time.Hour}, Env{})
	mustDo(t, s.install, f)
	if got := scheduled(t, f, scheduleOptions{}, Env{}); got.kind != crontab || !got.installed(t.Context()) {
		t.Errorf("the kind became %s", got.kind)
	}
	if got := scheduled(t, f, scheduleOptions{Kind: systemdTimer}, Env{}); got.kind != systemdTimer {
		t.Errorf("--schedule-kind became %s", got.kind)
	}
}

// The account of a job or a task is read from it.
func TestTheAccountOfAScheduleIsReadFromIt(t *testing.T) {
	fakeTasks(t)
	f := fileOf(t, t.TempDir(), "adsync.yaml", usualConfig)
	for _, account := range []string{systemAccount, `NT AUTHORITY\NETWORK SERVICE`, `CORP\ada`} {
		s := scheduled(t, f, scheduleOptions{Kind: scheduledTask, RunAs: account}, Env{})
		mustDo(t, s.install, f)
		again := scheduled(t, f, scheduleOptions{Kind: scheduledTask}, Env{})
		if again.account != account || again.otherAccount() {
			t.Errorf("%s became %s", account, again.account)
		}
		if s := scheduled(t, f, scheduleOptions{Kind: scheduledTask, RunAs: `CORP\gmsa$`}, Env{}); s.account != `CORP\gmsa$` || !s.otherAccount() {
			t.Errorf("--run-as became %s", s.account)
		}
	}
	task := schedule{kind: scheduledTask}
	if got := task.keeps(t.Context(), "<Triggers><LogonTrigger><UserId>S-1-5-18</UserId></LogonTrigger></Triggers>\n<Principals><Principal><UserId>CORP\\a&amp;b</UserId></Principal></Principals>").account; got != `CORP\a&b` {
		t.Errorf("a task with a trigger of an account: %q", got)
	}
	job := schedule{kind: launchdJob, account: "adsync", me: "root", name: "adsync", config: f.Path, program: "/usr/local/bin/adsync", every: time.Hour}
	files, err := job.files(f)
	if err != nil {
		t.Fatal(err)
	}
	was := job.keeps(t.Context(), files[0].text)
	indented := job.keeps(t.Context(), strings.ReplaceAll(files[0].text, "\n  ", "\n\t\t")) // as Apple's tools write it
	if was.account != "adsync" || indented.account != was.account || indented.delay != was.delay || strings.Join(strings.Fields(indented.times), "") != strings.Join(strings.Fields(was.times), "") {
		t.Errorf("launchd: %+v and %+v", was, indented)
	}
	if got := scheduledConfig(strings.ReplaceAll(files[0].text, "\n  ", "\n\t\t")); got != f.Path {
		t.Errorf("launchd: it runs %q", got)
	}
	line := schedule{kind: crontab, unitDir: t.TempDir()}
	if got := line.keeps(t.Context(), "# 20-59/30 * * * * /usr/local/bin/adsync sync --quiet --random-delay=10m --config a.yaml\n"); got.times != "20-59/30 * * * *" || got.delay != "10m" {
		t.Errorf("a line that was taken out of use: %+v", got)
	}
	const byHand = "0 1 * * *\t/usr/local/bin/adsync --config a.yaml\tsync\n"
	if rest, line := cutMarked("# adsync: a.yaml\n"+byHand, "adsync: a.yaml"); rest != "" || line != byHand {
		t.Errorf("a line that was written anew by hand: %q, and %q is left", line, rest)
	}
	const others = "0 1 * * * backup\n"
	if rest, line := cutMarked("# adsync: a.yaml\n"+others, "adsync: a.yaml"); rest != others || line != "" {
		t.Errorf("behind a marker that stands alone: %q, and %q is left", line, rest)
	}
}

// Tasks of one machine have one folder: those of configurations with one name
// bear the names of theirs.
func TestTasksOfOneNameInTwoFoldersAreApart(t *testing.T) {
	tasks, dir := fakeTasks(t), t.TempDir()
	made := func(folder string) (*schedule, *config.File) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
		f := fileOf(t, filepath.Join(dir, folder), "adsync.yaml", usualConfig)
		return scheduled(t, f, scheduleOptions{Kind: scheduledTask}, Env{}), f
	}
	first, f := made("first/prod")
	second, g := made("second/prod")
	mustDo(t, first.install, f)
	mustDo(t, second.install, g)
	if names := registered(t, tasks); len(names) != 2 || !strings.HasPrefix(names[0], "adsync-prod-") || !strings.HasPrefix(names[1], "adsync-prod-") {
		t.Errorf("tasks %q", names)
	}
	if done, err := second.remove(t.Context()); err != nil || len(done) != 1 || second.installed(t.Context()) || !first.installed(t.Context()) {
		t.Errorf("removed %q, %v", done, err)
	}
}

// A task from when the folder was not in its name is found by what it runs.
func TestATaskUnderItsFormerNameIsFound(t *testing.T) {
	tasks, dir := fakeTasks(t), t.TempDir()
	made := func(folder string) *config.File {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
		return fileOf(t, filepath.Join(dir, folder), "adsync.yaml", usualConfig)
	}
	f, g := made("größer"), made("other")
	former := func() {
		t.Helper()
		s := scheduled(t, f, scheduleOptions{Kind: scheduledTask, Every: 4 * time.Hour, RunAs: `CORP\ada`}, Env{})
		s.name = "adsync"
		files, err := s.files(f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.registerTask(t.Context(), files[0].text); err != nil {
			t.Fatal(err)
		}
	}
	former()
	other := scheduled(t, g, scheduleOptions{Kind: scheduledTask}, Env{})
	if done, err := other.remove(t.Context()); err != nil || len(done) > 0 || other.installed(t.Context()) || other.account != systemAccount {
		t.Errorf("the task of another: removed %q, %v; account %s", done, err, other.account)
	}
	s := scheduled(t, f, scheduleOptions{Kind: scheduledTask}, Env{})
	if !s.installed(t.Context()) || s.account != `CORP\ada` {
		t.Errorf("not found; account %s", s.account)
	}
	want := []string{"registered the task " + s.name, "removed the task adsync"}
	if done := mustDo(t, s.install, f); !slices.Equal(done, want) {
		t.Errorf("did %q", done)
	}
	if names := registered(t, tasks); !slices.Equal(names, []string{s.name}) {
		t.Errorf("tasks %q", names)
	}
	former()
	want = []string{"removed the task " + s.name, "removed the task adsync"}
	if done, err := s.remove(t.Context()); err != nil || !slices.Equal(done, want) {
		t.Errorf("removed %q, %v", done, err)
	}
}

func registered(t *testing.T, folder string) (names []string) {
	t.Helper()
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		names = append(names, file.Name())
	}
	return names
}

package commands

import (
	"context"
	"fmt"
	"hash/fnv"
	"os"
	"os/user"
	"runtime"
	"strings"
	"time"
	"unicode"

	"adsync/commands/config"
)

// Kinds of schedule.
const (
	systemdTimer  = "systemd"
	crontab       = "cron"
	launchdJob    = "launchd" // of macOS
	scheduledTask = "task"    // of the Windows Task Scheduler
)

// Accounts that are no account of the machine.
const (
	dynamicAccount = "dynamic" // systemd makes one for each run
	systemAccount  = "system"  // LocalSystem
)

// scheduleOptions are the flags about the schedule.
type scheduleOptions struct {
	Kind    string
	Every   time.Duration
	RunAs   string
	UnitDir string
}

// A schedule is how the sync runs by itself.
type schedule struct {
	kind    string
	every   time.Duration
	account string   // dynamic, system, or the name of an account
	named   bool     // somebody said so; else it is the usual one
	me      string   // the account that runs this program
	name    string   // of unit and task
	config  string   // absolute path of the configuration
	program string   // absolute path of adsync
	unitDir string   // where files go instead of into the system
	system  string   // runtime.GOOS
	byHand  bool     // no schedule is wanted; a person runs it
	spool   []string // folders of the accounts' crontabs
	alone   string   // the name that no configuration of another folder has
	former  string   // name of a task of before its folder was in it
	kept    kept     // of the schedule that is there
}

// newSchedule is the schedule that flags ask for, and for the rest the one
// that suits this machine.
func newSchedule(ctx context.Context, env Env, o scheduleOptions, path string) (schedule, error) {
	s := schedule{kind: o.Kind, every: o.Every, account: o.RunAs, named: o.RunAs != "", config: path, unitDir: o.UnitDir, system: runtime.GOOS}
	if u, err := user.Current(); err == nil {
		s.me = u.Username
	}
	var err error
	if s.program = env.program; s.program == "" {
		if s.program, err = os.Executable(); err != nil {
			return s, fmt.Errorf("find the program's own file: %w", err)
		}
	}
	s.name = config.ServiceName(path)
	if s.spool = env.crontabs; s.spool == nil {
		s.spool = crontabFolders
	}
	if s.kind == "" {
		s.kind = s.presentKind(ctx)
	}
	if s.kind == "" {
		s.kind = s.ownKind(os.Geteuid() == 0, exists("/run/systemd/system"))
	}
	switch s.kind {
	case systemdTimer, crontab, launchdJob, scheduledTask:
	default:
		return s, usage(fmt.Errorf("--schedule-kind: %q is none of systemd, cron, launchd, task", s.kind), "")
	}
	if strings.ContainsFunc(s.config+s.program, unicode.IsControl) {
		return s, usage(fmt.Errorf("%q cannot be scheduled: a path with control characters fits into no schedule", s.config), "rename the file or folder")
	}
	here := config.Here("")
	here.Getenv = env.Getenv
	s.alone = here.TaskName(path)
	if s.kind == scheduledTask && s.unitDir == "" {
		s.former, s.name = s.name, s.alone
	}
	s.follow(ctx, o)
	if _, err := calendar(s.every); err != nil {
		return s, usage(fmt.Errorf("--every: %w", err), "30m, 1h, 2h, 4h and 12h do, for example")
	}
	s.account = s.accountOr(s.account)
	if s.account == dynamicAccount && s.kind != systemdTimer || s.account == systemAccount && s.kind != scheduledTask {
		return s, usage(fmt.Errorf("--run-as: %s is not an account for %s", s.account, s.kind), "")
	}
	return s, nil
}

// defaultEvery is the time between two runs when nobody names one.
const defaultEvery = 2 * time.Hour

// ownKind is the kind of schedule that the machine has.
func (s *schedule) ownKind(root, systemd bool) string {
	switch {
	case s.system == "windows":
		return scheduledTask
	case s.system == "darwin":
		return launchdJob // makes up for runs missed in sleep, which cron does not
	case s.system == "linux" && root && (systemd || s.unitDir != ""):
		return systemdTimer
	}
	return crontab
}

// accountOr is an account as named, or the usual one of the kind.
func (s *schedule) accountOr(name string) string {
	switch {
	case strings.EqualFold(name, systemAccount), strings.EqualFold(name, `NT AUTHORITY\SYSTEM`):
		return systemAccount
	case name != "":
		return name
	case s.kind == systemdTimer:
		return dynamicAccount
	case s.kind == scheduledTask:
		return systemAccount
	}
	return s.me
}

// own reports whether the schedule runs under the account of this person.
func (s *schedule) own() bool { return strings.EqualFold(s.account, s.me) }

// readers says who can read a secret's file.
func (s *schedule) readers() string {
	switch {
	case s.kind == scheduledTask && s.account == systemAccount:
		return "SYSTEM and administrators"
	case s.kind == scheduledTask:
		return "SYSTEM, administrators and " + s.account
	case s.kind == systemdTimer && s.account == dynamicAccount:
		return "root and the service"
	case !s.own():
		return s.account
	}
	return s.me
}

// starter is what starts a run of an account of the machine.
func (s *schedule) starter() string {
	if s.kind == launchdJob {
		return "by launchd"
	}
	return "from its crontab"
}

func hash(text string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(text))
	return h.Sum32()
}

// calendar is a systemd calendar expression (systemd.time(7)) for every so
// often, from midnight on. The time must divide an hour or a day, or the last
// step of a day would be a shorter one.
func calendar(every time.Duration) (string, error) {
	minutes := int(every / time.Minute)
	switch {
	case every%time.Minute != 0 || minutes < 5 || minutes > 24*60:
		return "", fmt.Errorf("%s is not between 5 minutes and a day, in whole minutes", every)
	case minutes < 60 && 60%minutes == 0:
		return fmt.Sprintf("*-*-* *:00/%02d:00", minutes), nil
	case minutes == 24*60:
		return "*-*-* 00:00:00", nil
	case minutes%60 == 0 && 24%(minutes/60) == 0:
		return fmt.Sprintf("*-*-* 00/%d:00:00", minutes/60), nil
	}
	return "", fmt.Errorf("%s divides neither an hour nor a day", every)
}

// delay is how long a run may be put off at random.
func (s *schedule) delay() time.Duration { return min(s.every/6, 30*time.Minute) }

// putOff is the flag that has the run itself do it, where the scheduler cannot.
func (s *schedule) putOff() []string {
	switch {
	case s.kept.times == "":
		return []string{"--random-delay", minutes(s.delay())}
	case s.kept.delay == "":
		return nil
	}
	return []string{"--random-delay", s.kept.delay}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

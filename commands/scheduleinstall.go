package commands

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"unicode/utf16"

	"adsync/commands/config"
)

// unitFolder is where an administrator's own units are (systemd.unit(5)).
const unitFolder = "/etc/systemd/system"

// install puts the schedule in place of an older one and starts it. With a
// unit folder it only writes the files there. It returns what it did, one
// line each.
func (s *schedule) install(ctx context.Context, f *config.File) ([]string, error) {
	if err := s.checkProgram(f); err != nil {
		return nil, err
	}
	if other := s.another(); other != "" {
		return nil, usage(fmt.Errorf("there is a schedule %s already, of %s", s.name, other), "give this configuration another file name: its schedule has that name too")
	}
	files, err := s.files(f)
	if err != nil {
		return nil, err
	}
	switch {
	case s.unitDir != "":
		return writeFiles(s.unitDir, files)
	case s.kind == systemdTimer:
		done, err := writeFiles(unitFolder, files)
		if err != nil {
			return done, err
		}
		timer := s.name + ".timer"
		for _, args := range [][]string{{"daemon-reload"}, {"enable", timer}, {"restart", timer}} {
			if _, err := tool(ctx, "", "systemctl", args...); err != nil {
				return done, err
			}
		}
		return append(done, "started "+timer), nil
	case s.kind == crontab:
		return s.editCrontab(ctx, files[0].text)
	case s.kind == launchdJob:
		done, err := writeFiles(s.launchdFolder(), files)
		if err != nil {
			return done, err
		}
		loaded, err := s.loadJob(ctx, filepath.Join(s.launchdFolder(), files[0].name))
		return append(done, loaded...), err
	}
	return s.registerTask(ctx, files[0].text)
}

// remove takes the schedule away. None is no error.
func (s *schedule) remove(ctx context.Context) ([]string, error) {
	folder := s.unitDir
	switch {
	case s.another() != "":
		return nil, nil
	case s.kind == systemdTimer && folder == "":
		folder = unitFolder
		if !exists(filepath.Join(folder, s.name+".timer")) {
			return nil, nil
		}
		if _, err := tool(ctx, "", "systemctl", "disable", "--now", s.name+".timer"); err != nil {
			return nil, err
		}
	case folder != "":
	case s.kind == crontab:
		return s.editCrontab(ctx, "")
	case s.kind == launchdJob:
		folder = s.launchdFolder()
		if exists(filepath.Join(folder, s.name+".plist")) {
			s.unloadJob(ctx)
		}
	default:
		if _, err := tool(ctx, "", "schtasks", "/Query", "/TN", s.name); err != nil {
			return nil, nil
		}
		_, err := tool(ctx, "", "schtasks", "/Delete", "/F", "/TN", s.name)
		return []string{"removed the task " + s.name}, err
	}
	var done []string
	for _, ending := range []string{".service", ".timer", ".crontab", ".plist", ".xml"} {
		path := filepath.Join(folder, s.name+ending)
		switch err := os.Remove(path); {
		case err == nil:
			done = append(done, "removed "+path)
		case !errors.Is(err, fs.ErrNotExist):
			return done, err
		}
	}
	if s.kind == systemdTimer && s.unitDir == "" {
		_, err := tool(ctx, "", "systemctl", "daemon-reload")
		// A run that failed keeps the name of the service; most have not.
		_, _ = tool(ctx, "", "systemctl", "reset-failed", s.name+".service")
		return done, err
	}
	return done, nil
}

func writeFiles(folder string, files []scheduleFile) ([]string, error) {
	var done []string
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	for _, f := range files {
		path := filepath.Join(folder, f.name)
		content := []byte(f.text)
		if filepath.Ext(f.name) == ".xml" {
			content = utf16Text(f.text)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return done, err
		}
		done = append(done, "wrote "+path)
	}
	return done, nil
}

// editCrontab replaces the configuration's line in the account's crontab, or
// takes it away where the text is empty. All other lines stay.
func (s *schedule) editCrontab(ctx context.Context, text string) ([]string, error) {
	var whose []string
	if !s.own() {
		whose = []string{"-u", s.account}
	}
	before, err := tool(ctx, "", "crontab", append(whose, "-l")...)
	switch {
	case errors.Is(err, exec.ErrNotFound) && text == "":
		return nil, nil // nothing can be there
	case errors.Is(err, exec.ErrNotFound):
		return nil, &Failure{Code: ExitFailure, Err: errors.New("this machine has no crontab program"),
			Hint: "install cron, or use --schedule-kind systemd as root"}
	case err != nil && !noCrontab(err):
		return nil, err // what was not read must not be written over
	case err != nil:
		before = ""
	}
	after := withoutMarked(before, s.marker()) + text
	switch {
	case after == before:
		return nil, nil
	case after == "":
		_, err = tool(ctx, "", "crontab", append(whose, "-r")...)
	default:
		_, err = tool(ctx, after, "crontab", append(whose, "-")...)
	}
	if err != nil {
		return nil, err
	}
	if text == "" {
		return []string{"removed the line from the crontab of " + s.account}, nil
	}
	return []string{"added the line to the crontab of " + s.account}, nil
}

// noCrontab reports whether "crontab -l" failed because there is none yet. Of
// others it says why, each in its own words.
func noCrontab(err error) bool {
	said := strings.ToLower(err.Error())
	_, complaint, complains := strings.Cut(said, ": exit status 1")
	return complains && (complaint == "" || strings.Contains(complaint, "no crontab") || strings.Contains(complaint, "no such file"))
}

// withoutMarked is a crontab without the marked line and the one after it.
func withoutMarked(text, marker string) string {
	var b strings.Builder
	skip := 0
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "# "+marker {
			skip = 2
		}
		if skip > 0 {
			skip--
			continue
		}
		b.WriteString(line)
	}
	return b.String()
}

// registerTask gives the task to the Windows Task Scheduler.
func (s *schedule) registerTask(ctx context.Context, text string) ([]string, error) {
	file, err := os.CreateTemp("", "adsync-*.xml")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(utf16Text(text))
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, err
	}
	program, args := "schtasks", []string{"/Create", "/F", "/TN", s.name, "/XML", file.Name()}
	if s.managedAccount() {
		program, args = "powershell", []string{"-NoProfile", "-NonInteractive", "-Command", s.registerManaged(file.Name())}
	}
	if _, err := tool(ctx, "", program, args...); err != nil {
		return nil, &Failure{Code: ExitFailure, Err: err, Hint: "an administrator can register it: run the console as administrator"}
	}
	return []string{"registered the task " + s.name}, nil
}

// managedAccount reports whether the task runs under a group managed service
// account.
func (s *schedule) managedAccount() bool { return strings.HasSuffix(s.account, "$") }

// registerManaged is the PowerShell that registers a task for a managed account.
// schtasks would ask for a password, and takes an empty one for a wrong one;
// ITaskFolder::RegisterTask with none at all has Windows fetch it. 6 is
// TASK_CREATE_OR_UPDATE, 1 is TASK_LOGON_PASSWORD.
func (s *schedule) registerManaged(file string) string {
	quoted := func(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
	return "$ErrorActionPreference = 'Stop'; $service = New-Object -ComObject Schedule.Service; $service.Connect(); " +
		`$null = $service.GetFolder('\').RegisterTask(` + quoted(s.name) + ", [IO.File]::ReadAllText(" + quoted(file) + "), 6, " + quoted(s.account) + ", $null, 1)"
}

// utf16Text is text as schtasks reads it: UTF-16 with its mark, and the
// declaration that says so.
func utf16Text(text string) []byte {
	text = `<?xml version="1.0" encoding="UTF-16"?>` + "\n" + text
	b := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(strings.ReplaceAll(text, "\n", "\r\n"))) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return b
}

// tool runs a program of the system and returns what it prints. The error
// holds what it complains of.
func tool(ctx context.Context, input, name string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, name, args...)
	command.Stdin = strings.NewReader(input)
	var out, complaint bytes.Buffer
	command.Stdout, command.Stderr = &out, &complaint
	if err := command.Run(); err != nil {
		said := strings.TrimSpace(complaint.String())
		if said != "" {
			said = ": " + oneLine(said)
		}
		return out.String(), fmt.Errorf("%s %s: %w%s", name, strings.Join(args, " "), err, said)
	}
	return out.String(), nil
}

package commands

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

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
	if other := s.another(s.present(ctx)); other != "" {
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
		return s.installCrontab(ctx, files[0].text)
	case s.kind == launchdJob:
		done, err := writeFiles(s.launchdFolder(), files)
		if err != nil {
			return done, err
		}
		loaded, err := s.loadJob(ctx, filepath.Join(s.launchdFolder(), files[0].name))
		return append(done, loaded...), err
	}
	done, err := s.registerTask(ctx, files[0].text)
	if err != nil || s.formerTask(ctx) == "" {
		return done, err
	}
	removed, err := deleteTask(ctx, s.former)
	return append(done, removed...), err
}

// remove takes the schedule away. None is no error.
func (s *schedule) remove(ctx context.Context) ([]string, error) {
	folder := s.unitDir
	switch {
	case s.another(s.present(ctx)) != "":
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
		return s.removeCrontab(ctx)
	case s.kind == launchdJob:
		folder = s.launchdFolder()
		if exists(filepath.Join(folder, s.name+".plist")) {
			s.unloadJob(ctx)
		}
	default:
		return s.removeTask(ctx)
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

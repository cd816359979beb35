package commands

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"os"
	"os/user"
	"strings"
	"unicode/utf16"
)

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
	return taskService + `$null = $service.GetFolder('\').RegisterTask(` + powershellWord(s.name) + ", [IO.File]::ReadAllText(" + powershellWord(file) + "), 6, " + powershellWord(s.account) + ", $null, 1)"
}

// taskService is the beginning of a PowerShell command that speaks to the Task
// Scheduler.
const taskService = "$ErrorActionPreference = 'Stop'; $service = New-Object -ComObject Schedule.Service; $service.Connect(); "

func powershellWord(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// task is the text of a task that is registered, "" where there is none.
// schtasks prints it in the console's code page, which may lack a character of
// the path; PowerShell is asked for all of them.
func task(ctx context.Context, name string) string {
	text, err := tool(ctx, "", "schtasks", "/Query", "/TN", name, "/XML")
	if err != nil {
		return ""
	}
	exact, err := tool(ctx, "", "powershell", "-NoProfile", "-NonInteractive", "-Command", taskService+
		`[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($service.GetFolder('\').GetTask(`+powershellWord(name)+`).Xml))`)
	if decoded, bad := base64.StdEncoding.DecodeString(strings.TrimSpace(exact)); err == nil && bad == nil {
		text = cmp.Or(string(decoded), text)
	}
	return strings.ReplaceAll(text, "\r\n", "\n")
}

// formerTask is the text of the configuration's task under its former name, ""
// where that is none of ours.
func (s *schedule) formerTask(ctx context.Context) string {
	if s.former == "" || s.former == s.name {
		return ""
	}
	text := task(ctx, s.former)
	if !s.runs(scheduledConfig(text)) {
		return ""
	}
	return text
}

// removeTask takes the task away, under both names.
func (s *schedule) removeTask(ctx context.Context) (done []string, err error) {
	if task(ctx, s.name) != "" {
		if done, err = deleteTask(ctx, s.name); err != nil {
			return nil, err
		}
	}
	if s.formerTask(ctx) == "" {
		return done, nil
	}
	removed, err := deleteTask(ctx, s.former)
	return append(done, removed...), err
}

func deleteTask(ctx context.Context, name string) ([]string, error) {
	if _, err := tool(ctx, "", "schtasks", "/Delete", "/F", "/TN", name); err != nil {
		return nil, err
	}
	return []string{"removed the task " + name}, nil
}

// taskAccount is the account of a task: Windows turns the name it was given into
// a SID.
func taskAccount(id string) string {
	switch id {
	case "S-1-5-18":
		return systemAccount
	case "S-1-5-19":
		return `NT AUTHORITY\LOCAL SERVICE`
	case "S-1-5-20":
		return `NT AUTHORITY\NETWORK SERVICE`
	}
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
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

// fromUTF16 is the text of a file as utf16Text makes it.
func fromUTF16(b []byte) string {
	var units []uint16
	for ; len(b) > 1; b = b[2:] {
		units = append(units, binary.LittleEndian.Uint16(b))
	}
	return strings.ReplaceAll(strings.TrimPrefix(string(utf16.Decode(units)), "\ufeff"), "\r\n", "\n")
}

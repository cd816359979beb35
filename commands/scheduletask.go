package commands

import (
	"context"
	"encoding/binary"
	"os"
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

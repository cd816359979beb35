package commands

import (
	"log/slog"
	"os"

	"golang.org/x/sys/windows/svc/eventlog"
)

// eventSource is the name under which messages stand in the Event Log.
const eventSource = "adsync"

// eventID is the one event that there is: the message says all.
const eventID = 1

// events is the Event Log of Windows. It takes warnings and errors; every
// search and request would fill it.
type events struct{ log *eventlog.Log }

// openSystemLog returns the Event Log where nobody sits before a terminal:
// Task Scheduler throws standard error away.
func openSystemLog(stderr *os.File, _ func(string) string) systemLog {
	if isTerminal(stderr) {
		return nil
	}
	// Only an administrator can register the source, and once is enough;
	// messages are taken without, and shown with a remark about that.
	_ = eventlog.InstallAsEventCreate(eventSource, eventlog.Info|eventlog.Warning|eventlog.Error)
	log, err := eventlog.Open(eventSource)
	if err != nil {
		return nil
	}
	return events{log}
}

func (e events) line(level slog.Level, text string) {
	switch {
	case level >= slog.LevelError:
		_ = e.log.Error(eventID, text)
	case level >= slog.LevelWarn:
		_ = e.log.Warning(eventID, text)
	}
}

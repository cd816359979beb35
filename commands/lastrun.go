package commands

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// lastRunPath is where a run leaves its record, and where the next one finds
// it.
func (r *run) lastRunPath() string { return filepath.Join(r.reportDir(), lastRunFile) }

// errNoRecord says that no run has left a record here.
var errNoRecord = errors.New("no run is recorded")

// A pastRun is the record of a run as it is read again: for people, never to
// decide anything.
type pastRun struct {
	record
	Changes []changeObject `json:"changes"`
}

// readRecord reads what a run has left.
func readRecord(path string) (*pastRun, error) {
	text, err := os.ReadFile(path)
	if isNotExist(err) {
		return nil, errNoRecord
	}
	if err != nil {
		return nil, fmt.Errorf("read the record of the last run: %w", err)
	}
	doc := new(pastRun)
	if err := json.Unmarshal(text, doc); err != nil {
		return nil, fmt.Errorf("read the record of the last run: %w", err)
	}
	return doc, nil
}

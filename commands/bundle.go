package commands

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// bundleLog is how much of the end of the log goes into a bundle.
const bundleLog = 1 << 20

// bundleOptions say what goes into a bundle beside what is always in it.
type bundleOptions struct {
	// Status writes what status found, as JSON lines; it may be nil.
	Status func(io.Writer)
	// Anonymize replaces names, DNs and addresses, the same one by the same
	// word in every file.
	Anonymize bool
}

// writeBundle writes what a person who helps needs to see into one ZIP file:
// the configuration, the last run, the end of the log, versions, what status
// found. The run's secrets are taken out of all of it.
func (r *run) writeBundle(path string, o bundleOptions) error {
	parts, err := r.bundleParts(o)
	if err != nil {
		return err
	}
	clean := r.redactor.Redact
	if o.Anonymize {
		a := newAnonymizer(r.file)
		for _, p := range parts {
			if p.name == lastRunFile {
				a.learn(p.text)
			}
		}
		clean = func(text string) string { return a.text(r.redactor.Redact(text)) }
	}
	err = replaceFile(path, func(w io.Writer) error {
		z := zip.NewWriter(w)
		for _, p := range parts {
			f, err := z.CreateHeader(&zip.FileHeader{Name: p.name, Method: zip.Deflate, Modified: r.env.Now().UTC()})
			if err != nil {
				return err
			}
			if _, err := io.WriteString(f, clean(string(p.text))); err != nil {
				return err
			}
		}
		return z.Close()
	})
	if err != nil {
		return usage(fmt.Errorf("--bundle: %w", err), "name a file in a folder that this account may write")
	}
	return nil
}

type bundlePart struct {
	name string
	text []byte
}

// bundleParts are the files of a bundle. What is not there is left out: a
// bundle is wanted most when something does not work.
func (r *run) bundleParts(o bundleOptions) ([]bundlePart, error) {
	versions, err := json.MarshalIndent(versionsOf(r.env.Now()), "", "  ")
	if err != nil {
		return nil, err
	}
	parts := []bundlePart{
		{"README.txt", []byte(bundleReadme)},
		{"adsync.yaml", r.file.Shareable()},
		{"versions.json", append(versions, '\n')},
	}
	if o.Status != nil {
		var b bytes.Buffer
		o.Status(&b)
		parts = append(parts, bundlePart{"status.jsonl", b.Bytes()})
	}
	if text, err := os.ReadFile(r.lastRunPath()); err == nil {
		parts = append(parts, bundlePart{lastRunFile, text})
	}
	if path := r.file.Abs(r.file.Log.File); path != "" {
		if text, err := tail(path, bundleLog); err == nil {
			parts = append(parts, bundlePart{"adsync.log", text})
		}
	}
	return parts, nil
}

const bundleReadme = `What is in this bundle, for whoever helps with adsync:

adsync.yaml    the configuration, without comments and without secrets
versions.json  the program, its libraries and the system
status.jsonl   what "adsync status --json" says: servers, service, capabilities
last-run.json  the last run: counts, changes, failures (names and values of people)
adsync.log     the end of the log, when the configuration has one

Secrets that the program knows are replaced by a placeholder. Names, DNs and
addresses are replaced as well when the bundle was made with --anonymize: the
same one by the same word everywhere. Look through it before you send it.
`

// tail is the end of a file, from the beginning of a line.
func tail(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	from := max(0, info.Size()-most)
	text, err := io.ReadAll(io.NewSectionReader(f, from, most))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if from > 0 {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	return text, nil
}

// versionsObject is versions.json.
type versionsObject struct {
	Program   string            `json:"program"`
	Go        string            `json:"go"`
	System    string            `json:"system"`
	Processor string            `json:"processor"`
	Made      time.Time         `json:"made"`
	Build     map[string]string `json:"build"`
	Libraries map[string]string `json:"libraries"`
}

func versionsOf(now time.Time) versionsObject {
	v := versionsObject{
		Program: version(), Go: runtime.Version(), System: runtime.GOOS, Processor: runtime.GOARCH, Made: now.UTC(),
		Build: map[string]string{}, Libraries: map[string]string{},
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			v.Build[s.Key] = s.Value
		}
		for _, m := range info.Deps {
			v.Libraries[m.Path] = m.Version
		}
	}
	return v
}

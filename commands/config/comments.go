package config

import (
	"bytes"
	"maps"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// fileComment opens a new configuration.
const fileComment = "Configuration of adsync. Every key is explained in docs/configuration.md.\nNo secret stands here: {env: NAME}, {file: PATH}, {command: [..]} or {keyring: NAME}."

// sectionComments stand over the sections of a new configuration.
var sectionComments = map[string]string{
	"sources": "The directories. An id is permanent: it marks what the source owns at the service.",
	"mapping": "Which attributes fill which SCIM paths.",
	"target":  "The SCIM service.",
	"policy":  "What becomes of those who left: keep, deactivate or delete.",
	"limits":  "Over a limit, removals wait for \"adsync sync --approve\": a number, a percentage or off.",
	"proxy":   "The way out of the network.",
	"log":     "Where log lines go.",
	"report":  "Where last-run.json and undo files go.",
	"monitor": "Whom a run tells how it went.",
}

func comment(root *yaml.Node) {
	for i := 0; i+1 < len(root.Content); i += 2 {
		root.Content[i].HeadComment = sectionComments[root.Content[i].Value]
	}
}

var topKey = regexp.MustCompile(`^[A-Za-z0-9_-]+:`)

// space puts the empty lines between sections that the YAML encoder drops:
// those of the text as it was read, or one before each section of a new file.
func space(text, before []byte) []byte {
	spaced := spacedKeys(before)
	airy := slices.Contains(slices.Collect(maps.Values(spaced)), true)
	var out bytes.Buffer
	lines := strings.SplitAfter(string(text), "\n")
	for i, line := range lines {
		if i > 0 && startsSection(lines, i) {
			key := sectionKey(lines[i:])
			was, known := spaced[key]
			if lines[i-1] != "\n" && (was || !known && airy || len(before) == 0) {
				out.WriteString("\n")
			}
		}
		out.WriteString(line)
	}
	return out.Bytes()
}

// startsSection reports whether a line is the first of a top-level key, or of
// the comments over it.
func startsSection(lines []string, i int) bool {
	if !topKey.MatchString(lines[i]) && !strings.HasPrefix(lines[i], "#") {
		return false
	}
	return !strings.HasPrefix(lines[i-1], "#") && sectionKey(lines[i:]) != ""
}

// sectionKey is the top-level key that some lines begin with, after comments.
func sectionKey(lines []string) string {
	for _, line := range lines {
		if key := topKey.FindString(line); key != "" {
			return key
		}
		if !strings.HasPrefix(line, "#") {
			return ""
		}
	}
	return ""
}

// spacedKeys are the top-level keys that have an empty line before them, or
// before their comments.
func spacedKeys(text []byte) map[string]bool {
	spaced := map[string]bool{}
	empty := false
	for line := range strings.Lines(string(text)) {
		if key := topKey.FindString(line); key != "" {
			spaced[key] = empty
			empty = false
		} else if strings.TrimSpace(line) == "" {
			empty = true
		} else if !strings.HasPrefix(line, "#") {
			empty = false
		}
	}
	return spaced
}

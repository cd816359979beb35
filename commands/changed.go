package commands

import (
	"fmt"
	"slices"
	"strings"

	"adsync/upload"
)

// changedShown is how many lines of a difference are shown each way.
const changedShown = 20

// changedSince says what has changed in the list of withheld removals since
// the last run, if that is the list which somebody wants to permit.
func (r *run) changedSince(approved string, plan *upload.Plan) []string {
	doc, err := readRecord(r.lastRunPath())
	if err != nil || !withheldDigest(doc.Digest, approved) {
		return nil
	}
	before, now := map[string]bool{}, map[string]bool{}
	for _, c := range doc.Changes {
		if c.State == string(upload.Withheld) {
			addRemovals(before, c)
		}
	}
	for _, c := range plan.Withheld() {
		addRemovals(now, changeOf(c))
	}
	lines := missingFrom(now, before, "no longer in the list: ")
	return append(lines, missingFrom(before, now, "new in the list: ")...)
}

// withheldDigest reports whether a plan's digest is that of the approved list.
func withheldDigest(digest, approved string) bool {
	_, held, limited := strings.Cut(digest, ".")
	_, short, full := strings.Cut(approved, ".")
	if !full {
		short = approved
	}
	return limited && short == held
}

// addRemovals puts a change into a set, each member by itself.
func addRemovals(set map[string]bool, c changeObject) {
	line := fmt.Sprintf("%s %s %s", c.Verb.Phrase(), c.Kind, c.Name)
	if len(c.Members) == 0 {
		set[line] = true
	}
	for _, m := range c.Members {
		set[line+": "+m.Name] = true
	}
}

// missingFrom are the lines of one set that the other has not.
func missingFrom(from, of map[string]bool, prefix string) []string {
	var out []string
	for line := range of {
		if !from[line] {
			out = append(out, prefix+plainText(line))
		}
	}
	slices.Sort(out)
	if more := len(out) - changedShown; more > 0 {
		out = append(out[:changedShown], fmt.Sprintf("%sand %s more", prefix, thousands(more)))
	}
	return out
}

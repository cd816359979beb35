package commands

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"adsync/commands/rules"
	"adsync/ldapsrc/directory"
	"adsync/ldapsrc/ldif"
)

// A repair is what an administrator may do to one value of an entry.
type repair struct {
	dn        string
	anchor    directory.Anchor
	attribute string
	old, new  string // old is "" where the attribute is missing, new "" where it is taken away
	rules     []string
	login     bool   // changes how somebody signs in
	why       string // why it is not made, "" when it is
	asked     bool   // by a person: what was found does not matter
}

// planFixes makes repairs of findings: those that are safe to be made, the
// others to be read. A value is repaired once.
func planFixes(findings []rules.Finding) []repair {
	type key struct{ dn, attribute, old string }
	var made, read []repair
	at := map[key]int{}
	for i := range findings {
		f := &findings[i]
		if f.Attribute == "" || f.DN == "" || f.Severity == rules.Info && f.Suggestion == "" {
			continue
		}
		r := repair{dn: f.DN, anchor: f.Anchor, attribute: f.Attribute, old: f.Value, new: f.Suggestion, rules: []string{f.Rule}, login: f.ChangesLogin}
		if f.Suggestion == "" || !f.Safe {
			r.why = f.Message
			read = append(read, r)
			continue
		}
		k := key{f.DN, strings.ToLower(f.Attribute), f.Value}
		n, again := at[k]
		if !again {
			at[k] = len(made)
			made = append(made, r)
			continue
		}
		// What is known of all values together knows more than what is known
		// of this one, and comes later in the table.
		made[n].new = f.Suggestion
		made[n].rules = append(made[n].rules, f.Rule)
		made[n].login = made[n].login || f.ChangesLogin
	}
	return append(made, read...)
}

// made counts the repairs that are not mere remarks.
func made(repairs []repair) int {
	n := 0
	for i := range repairs {
		if repairs[i].why == "" {
			n++
		}
	}
	return n
}

// written says where the repairs went.
func written(n int, path string) string {
	return fmt.Sprintf("%s written to %s, what undoes them to %s; nothing was applied", count(n, "change"), path, undoPath(path))
}

// undoPath is where the LDIF that undoes another one goes.
func undoPath(path string) string { return strings.TrimSuffix(path, ".ldif") + ".undo.ldif" }

// writeFixes writes the repairs as LDIF and, beside it, what undoes them.
// Nothing is applied.
func writeFixes(path string, repairs []repair) error {
	redo, undo, err := fixTexts(repairs)
	if err == nil {
		err = replaceText(undoPath(path), undo)
	}
	if err == nil {
		err = replaceText(path, redo)
	}
	if err != nil {
		return usage(fmt.Errorf("--fix: %w", err), "name a file in a folder that this account may write")
	}
	return nil
}

// fixTexts are the two LDIF texts. Each record takes away exactly the old
// value before it adds the new one, so that a server refuses it as a whole
// when the value has changed since, and no value is lost between two
// requests.
func fixTexts(repairs []repair) (redo, undo []byte, err error) {
	var order []string
	byDN := map[string][]repair{}
	for _, r := range repairs {
		if _, ok := byDN[r.dn]; !ok {
			order = append(order, r.dn)
		}
		byDN[r.dn] = append(byDN[r.dn], r)
	}
	var out, back bytes.Buffer
	out.WriteString("version: 1\n")
	back.WriteString("version: 1\n")
	for _, dn := range order {
		if err := writeRecord(&out, dn, byDN[dn]); err != nil {
			return nil, nil, err
		}
	}
	for _, dn := range slices.Backward(order) {
		if err := writeRecord(&back, dn, reversed(byDN[dn])); err != nil {
			return nil, nil, err
		}
	}
	return out.Bytes(), back.Bytes(), nil
}

// reversed are the repairs that undo those that are made, in reverse order.
func reversed(repairs []repair) []repair {
	var out []repair
	for _, r := range slices.Backward(repairs) {
		if r.why == "" {
			r.old, r.new = r.new, r.old
			out = append(out, r)
		}
	}
	return out
}

// writeRecord writes one modify record with its comments before it; comments
// alone where nothing is made.
func writeRecord(out *bytes.Buffer, dn string, repairs []repair) error {
	record := &ldif.Record{DN: dn, Change: ldif.ChangeModify}
	for _, r := range repairs {
		if err := writeComment(out, r.comment()); err != nil {
			return err
		}
		if r.why != "" {
			continue
		}
		for _, step := range []struct{ op, value string }{{"delete", r.old}, {"add", r.new}} {
			if step.value != "" {
				record.Mods = append(record.Mods, ldif.Mod{Op: step.op, Attribute: ldif.Attribute{Name: r.attribute, Values: [][]byte{[]byte(step.value)}}})
			}
		}
	}
	if len(record.Mods) == 0 {
		return nil
	}
	return ldif.NewWriter(out).Write(record)
}

// writeComment writes a comment without the blank line after it, so that it
// belongs to the record that follows.
func writeComment(out *bytes.Buffer, text string) error {
	var b bytes.Buffer
	if err := ldif.NewWriter(&b).Comment(text); err != nil {
		return err
	}
	out.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	return nil
}

func (r *repair) comment() string {
	text := strings.Join(r.rules, ", ")
	if r.asked {
		return text
	}
	if r.why == "" {
		text += ", safe"
		if r.login {
			text += ", changes sign-in name"
		}
		if r.anchor != "" {
			text += ", id " + string(r.anchor)
		}
		return text
	}
	text = fmt.Sprintf("not made: %s: %s: %s %s: %s", text, rules.Show(r.dn), r.attribute, rules.Quote(r.old), rules.Show(r.why))
	if r.new != "" {
		text += "; perhaps " + rules.Quote(r.new)
	}
	return text
}

// replaceText writes a text file whole or not at all.
func replaceText(path string, text []byte) error {
	return replaceFile(path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

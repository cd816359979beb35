package commands

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// runFromCSV makes LDIF of a CSV that somebody has edited. It reads no
// directory: that a value is still what it was is asserted by the LDIF.
func runFromCSV(env Env, o checkOptions) error {
	text, err := os.ReadFile(o.FromCSV)
	if err != nil {
		return usage(fmt.Errorf("--from-csv: %w", err), "")
	}
	repairs, unknown, err := readRepairs(string(text))
	if err != nil {
		return usage(fmt.Errorf("--from-csv: %s: %w", o.FromCSV, err), "docs/check.md says what the columns and actions are")
	}
	if err := writeFixes(o.Fix, repairs); err != nil {
		return err
	}
	for _, word := range unknown {
		fmt.Fprintf(env.Stderr, "adsync: %s: %s\n", o.FromCSV, word)
	}
	if o.JSON {
		writeJSON(env.Stdout, map[string]any{"type": "summary", "fixes": len(repairs), "exit": ExitOK})
	} else if !o.Quiet {
		fmt.Fprintln(env.Stdout, written(len(repairs), o.Fix))
	}
	return nil
}

// readRepairs reads the rows that have an action. Several things wrong are
// said at once.
func readRepairs(text string) (repairs []repair, unknown []string, err error) {
	rows, err := readRows(text)
	if err != nil {
		return nil, nil, err
	}
	if len(rows) == 0 {
		return nil, nil, errors.New("the file is empty")
	}
	columns, err := columnsOf(rows[0])
	if err != nil {
		return nil, nil, err
	}
	var problems []error
	taken := map[string]int{} // who gets which value, by line
	for _, row := range rows[1:] {
		r, action, problem := columns.repair(row)
		switch {
		case problem != nil:
			problems = append(problems, fmt.Errorf("line %d: %w", row.line, problem))
			continue
		case action == "":
			continue
		case action != "EDIT" && action != "REMOVE":
			if !passive[action] {
				unknown = append(unknown, fmt.Sprintf("line %d: action %q is unknown, the row is left alone", row.line, action))
			}
			continue
		}
		if r.old == r.new {
			continue
		}
		if key := uniqueKey(r); key != "" {
			if line, again := taken[key]; again {
				problems = append(problems, fmt.Errorf("line %d: %s %q is also what line %d wants", row.line, r.attribute, r.new, line))
			}
			taken[key] = row.line
		}
		repairs = append(repairs, r)
	}
	return repairs, unknown, errors.Join(problems...)
}

// passive are IdFix's actions that change nothing: COMPLETE leaves a value as
// it is, FAIL was set by the tool itself, UNDO is what the other LDIF is for.
var passive = map[string]bool{"COMPLETE": true, "FAIL": true, "UNDO": true}

// uniqueKey is what two rows must not both set, "" for attributes that may
// repeat.
func uniqueKey(r repair) string {
	switch strings.ToLower(r.attribute) {
	case "userprincipalname", "mail", "proxyaddresses", "mailnickname", "samaccountname":
		if r.new != "" {
			return strings.ToLower(r.attribute) + "\x00" + strings.ToLower(r.new)
		}
	}
	return ""
}

// A csvLayout says in which cell each column stands.
type csvLayout struct{ dn, attribute, value, update, action int }

// columnsOf finds the columns by their names, in any order and case.
func columnsOf(header csvRow) (csvLayout, error) {
	at := map[string]int{}
	for i, name := range header.cells {
		at[strings.ToUpper(strings.TrimSpace(name))] = i
	}
	var missing []string
	column := func(name string) int {
		i, ok := at[name]
		if !ok {
			missing = append(missing, name)
		}
		return i
	}
	l := csvLayout{column("DISTINGUISHEDNAME"), column("ATTRIBUTE"), column("VALUE"), column("UPDATE"), column("ACTION")}
	if len(missing) > 0 {
		return l, fmt.Errorf("line %d: no column %s", header.line, strings.Join(missing, ", "))
	}
	return l, nil
}

// repair reads a row.
func (l csvLayout) repair(row csvRow) (r repair, action string, err error) {
	cell := func(i int) string {
		if i < len(row.cells) {
			return row.cells[i]
		}
		return ""
	}
	action = strings.ToUpper(strings.TrimSpace(cell(l.action)))
	r = repair{dn: cell(l.dn), attribute: strings.TrimSpace(cell(l.attribute)), old: cell(l.value), new: cell(l.update)}
	if action != "EDIT" && action != "REMOVE" {
		return r, action, nil
	}
	r.rules, r.asked = []string{action}, true
	switch {
	case r.dn == "" || !strings.Contains(r.dn, "="):
		err = fmt.Errorf("%q is not a DN", r.dn)
	case !attributeName.MatchString(r.attribute):
		err = fmt.Errorf("%q is not an attribute name", r.attribute)
	case action == "REMOVE" && r.old == "":
		err = errors.New("REMOVE wants the VALUE that is to go")
	case action == "EDIT" && strings.TrimSpace(r.new) == "":
		err = errors.New("EDIT wants an UPDATE; to take the value away write REMOVE")
	}
	if action == "REMOVE" {
		r.new = ""
	}
	return r, action, err
}

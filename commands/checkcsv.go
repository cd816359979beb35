package commands

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"adsync/commands/rules"
)

// csvColumns are IdFix's, so that old runbooks keep working.
var csvColumns = []string{"DISTINGUISHEDNAME", "COMMONNAME", "OBJECTCLASS", "ATTRIBUTE", "ERROR", "VALUE", "UPDATE", "PROPOSEDACTION", "ACTION"}

// byteOrderMark tells spreadsheets that a file is UTF-8.
const byteOrderMark = "\ufeff"

// writeCSV writes the findings, a row for each value, for a person to edit.
func writeCSV(env Env, path string, findings []rules.Finding) error {
	var b strings.Builder
	b.WriteString(byteOrderMark)
	writeRow(&b, csvColumns)
	for _, row := range csvRows(findings) {
		writeRow(&b, row)
	}
	if path == "-" {
		_, err := env.Stdout.Write([]byte(b.String()))
		return err
	}
	if err := replaceText(path, []byte(b.String())); err != nil {
		return usage(fmt.Errorf("--csv: %w", err), "name a file in a folder that this account may write")
	}
	return nil
}

// csvRows joins the faults of one value in one row, as IdFix did.
func csvRows(findings []rules.Finding) [][]string {
	type key struct{ dn, attribute, value string }
	var rows [][]string
	at := map[key]int{}
	for i := range findings {
		f := &findings[i]
		if f.Attribute == "" && f.Severity == rules.Info {
			continue // there is nothing to edit, nor to look at
		}
		k := key{f.DN, f.Attribute, f.Value}
		n, again := at[k]
		if !again {
			n = len(rows)
			at[k] = n
			rows = append(rows, []string{f.DN, cmp.Or(firstName(f.DN), f.Name), f.Kind, f.Attribute, "", f.Value, "", "", ""})
		}
		row := rows[n]
		if word := idfixWord(f.Rule); !slices.Contains(strings.Split(row[4], ", "), word) {
			row[4] = strings.TrimPrefix(row[4]+", "+word, ", ")
		}
		if f.Suggestion != "" && (row[6] == "" || f.Safe) {
			row[6], row[7] = f.Suggestion, "EDIT"
		}
	}
	return rows
}

// idfixWord is IdFix's name of an error, or the rule's id where it had none.
func idfixWord(id string) string {
	for _, r := range rules.Table() {
		if r.ID == id {
			return cmp.Or(r.Word, id)
		}
	}
	return id
}

// writeRow writes a row by RFC 4180. Cells that a spreadsheet would take for
// a formula get an apostrophe, which readRows takes off again.
func writeRow(b *strings.Builder, cells []string) {
	for i, cell := range cells {
		if i > 0 {
			b.WriteByte(',')
		}
		if isFormula(cell) {
			cell = "'" + cell
		}
		if strings.ContainsAny(cell, "\",\r\n\t;'") || cell != strings.TrimSpace(cell) {
			cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
		}
		b.WriteString(cell)
	}
	b.WriteString("\r\n")
}

// isFormula reports whether a cell begins as formulas do, behind any number
// of apostrophes.
func isFormula(cell string) bool {
	cell = strings.TrimLeft(cell, "'")
	return cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0]))
}

// A csvRow is one line of a table that was read.
type csvRow struct {
	line  int
	cells []string
}

// readRows reads a table by RFC 4180, its cells separated by what the first
// line is separated by: spreadsheets of many countries write semicolons.
func readRows(text string) ([]csvRow, error) {
	text = strings.TrimPrefix(text, byteOrderMark)
	if !utf8.ValidString(text) {
		return nil, errors.New("the file is not UTF-8: save it as \"CSV UTF-8\"")
	}
	separator := byte(',')
	header, _, _ := strings.Cut(text, "\n")
	for _, c := range []byte{';', '\t'} {
		if strings.IndexByte(header, ',') < 0 && strings.IndexByte(header, c) >= 0 {
			separator = c
		}
	}
	var rows []csvRow
	line := 1
	for text != "" {
		row := csvRow{line: line}
		for {
			cell, rest, end, err := readCell(text, separator)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", line, err)
			}
			line += strings.Count(text[:len(text)-len(rest)], "\n")
			text = rest
			if isFormula(cell) && cell[0] == '\'' {
				cell = cell[1:]
			}
			row.cells = append(row.cells, cell)
			if end {
				break
			}
		}
		if len(row.cells) > 1 || row.cells[0] != "" {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// readCell reads one cell; end is true for the last of its row.
func readCell(text string, separator byte) (cell, rest string, end bool, err error) {
	if !strings.HasPrefix(text, `"`) {
		i := strings.IndexAny(text, string(separator)+"\n")
		if i < 0 {
			return strings.TrimSuffix(text, "\r"), "", true, nil
		}
		if text[i] == separator {
			return text[:i], text[i+1:], false, nil
		}
		return strings.TrimSuffix(text[:i], "\r"), text[i+1:], true, nil
	}
	var b strings.Builder
	rest = text[1:]
	for {
		i := strings.IndexByte(rest, '"')
		if i < 0 {
			return "", "", false, errors.New(`a cell begins with " and does not end`)
		}
		b.WriteString(rest[:i])
		rest = rest[i+1:]
		if !strings.HasPrefix(rest, `"`) {
			break
		}
		b.WriteByte('"')
		rest = rest[1:]
	}
	switch {
	case rest == "" || rest == "\r":
		return b.String(), "", true, nil
	case rest[0] == separator:
		return b.String(), rest[1:], false, nil
	case rest[0] == '\n':
		return b.String(), rest[1:], true, nil
	case strings.HasPrefix(rest, "\r\n"):
		return b.String(), rest[2:], true, nil
	}
	return "", "", false, errors.New(`text follows the closing " of a cell`)
}

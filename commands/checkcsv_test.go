package commands

import (
	"slices"
	"strings"
	"testing"

	"adsync/commands/rules"
)

// cellsOfAllKinds are what spreadsheets and simple writers trip over.
var cellsOfAllKinds = []string{
	"", "plain", "CN=Doe\\, Jane,OU=Staff,DC=example,DC=com", `she said "no"`, "two\nlines", "two\r\nlines", "a\rb", "a;b", "a\tb", " padded ",
	"=1+1", "+49 30", "-1", "@home", "\tafter a tab", "'=1", "''=1", "'tis", "'", "日本 ñ", "\ufeff", `"`, `""`, "\n", "'\"=",
}

func TestCellsComeBackAsTheyWere(t *testing.T) {
	var b strings.Builder
	b.WriteString(byteOrderMark)
	writeRow(&b, csvColumns)
	writeRow(&b, cellsOfAllKinds)
	for _, cell := range cellsOfAllKinds {
		writeRow(&b, []string{cell, "end"})
	}
	rows, err := readRows(b.String())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(rows[1].cells, cellsOfAllKinds) {
		t.Errorf("got %q", rows[1].cells)
	}
	for i, cell := range cellsOfAllKinds {
		if got := rows[i+2].cells; !slices.Equal(got, []string{cell, "end"}) {
			t.Errorf("%q came back as %q", cell, got)
		}
	}
}

func TestNoCellIsAFormula(t *testing.T) {
	for _, cell := range cellsOfAllKinds {
		var b strings.Builder
		writeRow(&b, []string{cell})
		shown := strings.TrimLeft(strings.TrimSuffix(b.String(), "\r\n"), `"`)
		if shown != "" && strings.ContainsRune("=+-@\t\r", rune(shown[0])) {
			t.Errorf("%q is written as %q", cell, b.String())
		}
	}
}

func TestRowsKnowTheirLines(t *testing.T) {
	rows, err := readRows("a,b\r\n\"1\n2\",x\r\n\r\nc,d")
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	for _, r := range rows {
		lines = append(lines, r.line)
	}
	if !slices.Equal(lines, []int{1, 2, 5}) {
		t.Errorf("lines %v", lines)
	}
}

func TestTablesThatCannotBeRead(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"another encoding":        {"ACTION\nM\xfcller", `the file is not UTF-8: save it as "CSV UTF-8"`},
		"a cell without end":      {"a,b\n\"c", `line 2: a cell begins with " and does not end`},
		"text behind a cell":      {`"a"b`, `line 1: text follows the closing " of a cell`},
		"nothing":                 {"", "the file is empty"},
		"columns are missing":     {"DISTINGUISHEDNAME,VALUE,ACTION\n", "line 1: no column ATTRIBUTE, UPDATE"},
		"an edit without value":   {"DISTINGUISHEDNAME,ATTRIBUTE,VALUE,UPDATE,ACTION\ncn=a,sn,x,,EDIT", "line 2: EDIT wants an UPDATE; to take the value away write REMOVE"},
		"a removal of nothing":    {"DISTINGUISHEDNAME,ATTRIBUTE,VALUE,UPDATE,ACTION\ncn=a,sn,,,REMOVE", "line 2: REMOVE wants the VALUE that is to go"},
		"no DN":                   {"DISTINGUISHEDNAME,ATTRIBUTE,VALUE,UPDATE,ACTION\nada,sn,x,y,EDIT", `line 2: "ada" is not a DN`},
		"no attribute":            {"DISTINGUISHEDNAME,ATTRIBUTE,VALUE,UPDATE,ACTION\ncn=a,s n,x,y,EDIT", `line 2: "s n" is not an attribute name`},
		"two things at once":      {"DISTINGUISHEDNAME,ATTRIBUTE,VALUE,UPDATE,ACTION\nada,sn,x,y,EDIT\ncn=a,sn,,,REMOVE", "line 2: \"ada\" is not a DN\nline 3: REMOVE wants the VALUE that is to go"},
		"two who want one e-mail": {"DISTINGUISHEDNAME,ATTRIBUTE,VALUE,UPDATE,ACTION\ncn=a,mail,x,y,EDIT\ncn=b,Mail,z,Y,EDIT", `line 3: Mail "Y" is also what line 2 wants`},
	} {
		if _, _, err := readRepairs(test.text); err == nil || err.Error() != test.want {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
}

func TestFaultsOfOneValueAreOneRow(t *testing.T) {
	rows := csvRows([]rules.Finding{
		{Rule: "edge-space", DN: `CN=Doe\, Jane,DC=example,DC=com`, Kind: "user", Attribute: "mail", Value: "a@x ", Suggestion: "a@x.example", Safe: true},
		{Rule: "hidden-char", DN: `CN=Doe\, Jane,DC=example,DC=com`, Kind: "user", Attribute: "mail", Value: "a@x ", Suggestion: "a@x.example", Safe: true},
		{Rule: "dup-email", DN: `CN=Doe\, Jane,DC=example,DC=com`, Kind: "user", Attribute: "mail", Value: "a@x "},
		{Rule: "group-nested", DN: "CN=Team,DC=example,DC=com", Kind: "group", Severity: rules.Warn},
		{Rule: "system-object", DN: "CN=Guest,DC=example,DC=com", Kind: "user", Severity: rules.Info},
	})
	want := [][]string{
		{`CN=Doe\, Jane,DC=example,DC=com`, `Doe\, Jane`, "user", "mail", "Character, Duplicate", "a@x ", "a@x.example", "EDIT", ""},
		{"CN=Team,DC=example,DC=com", "Team", "group", "", "group-nested", "", "", "", ""},
	}
	if !slices.EqualFunc(rows, want, slices.Equal) {
		t.Errorf("got %q", rows)
	}
}

package ldif

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// width is where lines are folded: 76 bytes, the line's leading space included.
const width = 76

// Writer writes records as pure ASCII that ldapmodify, slapadd and ldifde read.
type Writer struct {
	out io.Writer
}

// NewWriter returns a Writer to out. Nothing is held back: after each call the
// text is with out.
func NewWriter(out io.Writer) *Writer { return &Writer{out: out} }

// Comment writes text, each of its lines, as a comment of its own block.
// Characters outside of printable ASCII are escaped as Go does.
func (w *Writer) Comment(text string) error {
	var b []byte
	for line := range strings.Lines(text) {
		quoted := fmt.Sprintf("%+q", strings.TrimRight(line, "\r\n"))
		quoted = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(quoted[1 : len(quoted)-1])
		b = appendFolded(b, []byte(strings.TrimRight("# "+quoted, " ")))
	}
	return w.flush(append(b, '\n'))
}

// Write writes a record and the blank line that ends it. A record that cannot
// be written so that a reader gets the same again is refused, and nothing of
// it is written.
func (w *Writer) Write(record *Record) error {
	if !utf8.ValidString(record.DN + record.NewRDN + record.NewSuperior) {
		return fmt.Errorf("write record %q: the name is not UTF-8", record.DN)
	}
	b := appendField(nil, "dn", []byte(record.DN))
	var err error
	switch record.Change {
	case "":
		b, err = appendAttributes(b, record.Attributes)
	case ChangeAdd, ChangeDelete, ChangeModify, ChangeModRDN:
		b, err = appendChange(b, record)
	default:
		err = fmt.Errorf("changetype %q is unknown", record.Change)
	}
	if err != nil {
		return fmt.Errorf("write record %q: %w", record.DN, err)
	}
	return w.flush(append(b, '\n'))
}

func (w *Writer) flush(b []byte) error {
	_, err := w.out.Write(b)
	return err
}

func appendChange(b []byte, record *Record) ([]byte, error) {
	for _, control := range record.Controls {
		if err := checkName(control.OID); err != nil {
			return nil, fmt.Errorf("control: %w", err)
		}
		line := "control: " + control.OID + " " + fmt.Sprint(control.Critical)
		if control.Value != nil {
			line += ":: " + base64.StdEncoding.EncodeToString(control.Value)
		}
		b = appendFolded(b, []byte(line))
	}
	b = appendField(b, "changetype", []byte(record.Change))
	switch record.Change {
	case ChangeAdd:
		return appendAttributes(b, record.Attributes)
	case ChangeModify:
		return appendMods(b, record.Mods)
	case ChangeModRDN:
		if record.NewRDN == "" {
			return nil, errors.New("no new RDN")
		}
		b = appendField(b, "newrdn", []byte(record.NewRDN))
		old := "0"
		if record.DeleteOldRDN {
			old = "1"
		}
		b = appendField(b, "deleteoldrdn", []byte(old))
		if record.NewSuperior != "" {
			b = appendField(b, "newsuperior", []byte(record.NewSuperior))
		}
	}
	return b, nil
}

func appendAttributes(b []byte, attributes []Attribute) ([]byte, error) {
	for i, attribute := range attributes {
		if err := checkName(attribute.Name); err != nil {
			return nil, err
		}
		// These two make a change record of it, or end up as something else.
		if i == 0 && (strings.EqualFold(attribute.Name, "changetype") || strings.EqualFold(attribute.Name, "control")) {
			return nil, fmt.Errorf("%q cannot be the first attribute", attribute.Name)
		}
		for _, value := range attribute.Values {
			b = appendField(b, attribute.Name, value)
		}
	}
	return b, nil
}

func appendMods(b []byte, mods []Mod) ([]byte, error) {
	for _, mod := range mods {
		if err := checkName(mod.Name); err != nil {
			return nil, err
		}
		switch mod.Op {
		case "add":
			if len(mod.Values) == 0 {
				return nil, fmt.Errorf("add of %s has no values", mod.Name)
			}
		case "delete", "replace":
		default:
			return nil, fmt.Errorf("modification %q is unknown", mod.Op)
		}
		b = appendField(b, mod.Op, []byte(mod.Name))
		for _, value := range mod.Values {
			b = appendField(b, mod.Name, value)
		}
		b = append(b, "-\n"...)
	}
	return b, nil
}

func checkName(name string) error {
	if !validName([]byte(name)) {
		return fmt.Errorf("%q is not an attribute name", name)
	}
	return nil
}

func appendField(b []byte, name string, value []byte) []byte {
	line := make([]byte, 0, len(name)+len(value)+4)
	line = append(line, name...)
	switch {
	case len(value) == 0:
		line = append(line, ':')
	case safe(value):
		line = append(append(line, ": "...), value...)
	default:
		line = base64.StdEncoding.AppendEncode(append(line, ":: "...), value)
	}
	return appendFolded(b, line)
}

// safe tells whether a value may stand as it is: a SAFE-STRING of RFC 2849
// that does not end in a space (its note 8), and without control characters,
// which editors and terminals change.
func safe(value []byte) bool {
	switch value[0] {
	case ' ', ':', '<':
		return false
	}
	if value[len(value)-1] == ' ' {
		return false
	}
	for _, c := range value {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

func appendFolded(b, line []byte) []byte {
	room := width
	for len(line) > room {
		b = append(append(b, line[:room]...), "\n "...)
		line = line[room:]
		room = width - 1
	}
	return append(append(b, line...), '\n')
}

package ldif

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// parseChange reads what follows the dn of a change record (RFC 2849, changerecord).
func (r *Record) parseChange(fields []field) error {
	for len(fields) > 0 && strings.EqualFold(fields[0].name, "control") {
		control, err := parseControl(fields[0])
		if err != nil {
			return err
		}
		r.Controls = append(r.Controls, control)
		fields = fields[1:]
	}
	changetype := fields[0]
	fields = fields[1:]
	switch r.Change = strings.ToLower(string(changetype.value)); r.Change {
	case ChangeAdd:
		return r.parseContent(fields)
	case ChangeDelete:
		if len(fields) > 0 {
			return errorAt(fields[0].line, "%s follows changetype: delete, which has nothing to follow", fields[0].name)
		}
		return nil
	case ChangeModify:
		return r.parseMods(fields)
	case ChangeModRDN, "moddn":
		r.Change = ChangeModRDN
		return r.parseModRDN(changetype.line, fields)
	}
	return errorAt(changetype.line, "changetype %s is unknown", quote(changetype.value))
}

// parseControl reads `OID [true|false] [: value]`.
func parseControl(f field) (Control, error) {
	text, value, hasValue := bytes.Cut(f.value, []byte(":"))
	words := strings.Fields(string(text))
	if len(words) == 0 || len(words) > 2 {
		return Control{}, errorAt(f.line, "control %s is not of the form \"OID true: value\"", quote(f.value))
	}
	if !validName([]byte(words[0])) {
		return Control{}, errorAt(f.line, "control %q is not an OID", words[0])
	}
	control := Control{OID: words[0]}
	if len(words) == 2 {
		switch words[1] {
		case "true":
			control.Critical = true
		case "false":
		default:
			return Control{}, errorAt(f.line, "control %s: %q is neither true nor false", words[0], words[1])
		}
	}
	switch {
	case !hasValue:
	case len(value) > 0 && value[0] == '<':
		return Control{}, errorAt(f.line, "control %s has its value in another file (:<), which is not read", words[0])
	case len(value) > 0 && value[0] == ':':
		decoded, err := decodeBase64(bytes.Trim(value[1:], " "))
		if err != nil {
			return Control{}, errorAt(f.line, "control %s: %w", words[0], err)
		}
		control.Value = decoded
	default:
		control.Value = bytes.TrimLeft(value, " ")
	}
	return control, nil
}

// parseMods reads the steps of a modify record, each ended by "-"; the last
// one's may be missing, as some writers leave it out.
func (r *Record) parseMods(fields []field) error {
	for len(fields) > 0 {
		head := fields[0]
		op := strings.ToLower(head.name)
		if op != "add" && op != "delete" && op != "replace" {
			return errorAt(head.line, "a modification begins with add:, delete: or replace:, not with %s", head.name)
		}
		if !validName(head.value) {
			return errorAt(head.line, "%s: %s is not an attribute name", op, quote(head.value))
		}
		mod := Mod{Op: op, Attribute: Attribute{Name: string(head.value)}}
		fields = fields[1:]
		for len(fields) > 0 && fields[0].name != "-" {
			if !strings.EqualFold(fields[0].name, mod.Name) {
				return errorAt(fields[0].line, "%s stands in the modification of %s", fields[0].name, mod.Name)
			}
			mod.Values = append(mod.Values, fields[0].value)
			fields = fields[1:]
		}
		if len(fields) > 0 {
			fields = fields[1:]
		}
		if mod.Op == "add" && len(mod.Values) == 0 {
			return errorAt(head.line, "add: %s has no values", mod.Name)
		}
		r.Mods = append(r.Mods, mod)
	}
	return nil
}

func (r *Record) parseModRDN(line int, fields []field) error {
	for _, f := range fields {
		if !utf8.Valid(f.value) {
			return errorAt(f.line, "%s is not UTF-8", f.name)
		}
		value := string(f.value)
		switch strings.ToLower(f.name) {
		case "newrdn":
			r.NewRDN = value
		case "deleteoldrdn":
			if value != "0" && value != "1" {
				return errorAt(f.line, "deleteoldrdn is %q, neither 0 nor 1", value)
			}
			r.DeleteOldRDN = value == "1"
		case "newsuperior":
			r.NewSuperior = value
		default:
			return errorAt(f.line, "%s has no place in changetype: modrdn", f.name)
		}
	}
	if r.NewRDN == "" {
		return errorAt(line, "changetype: modrdn without newrdn")
	}
	return nil
}

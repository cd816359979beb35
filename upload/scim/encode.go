package scim

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// appendJSON appends a value of a document as JSON, the members of an object
// in the order of their names. It writes what encoding/json would, without
// reflection: a first run encodes little else.
func appendJSON(out []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		return AppendText(out, v), nil
	case bool:
		return strconv.AppendBool(out, v), nil
	case document:
		return appendObject(out, v)
	case map[string]any:
		return appendObject(out, v)
	case []any:
		return appendList(out, v, appendJSON)
	case []string:
		return appendList(out, v, func(out []byte, s string) ([]byte, error) { return AppendText(out, s), nil })
	case []operation:
		return appendList(out, v, appendOperation)
	case []reference:
		return appendList(out, v, func(out []byte, r reference) ([]byte, error) { return appendReference(out, r.Value), nil })
	}
	text, err := json.Marshal(v)
	return append(out, text...), err
}

func appendReference(out []byte, id string) []byte {
	return append(AppendText(append(out, `{"value":`...), id), '}')
}

func appendObject(out []byte, object map[string]any) ([]byte, error) {
	var room [24]string
	names := slices.AppendSeq(room[:0], maps.Keys(object))
	slices.Sort(names)
	out = append(out, '{')
	for i, name := range names {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(AppendText(out, name), ':')
		var err error
		if out, err = appendJSON(out, object[name]); err != nil {
			return out, err
		}
	}
	return append(out, '}'), nil
}

func appendList[T any](out []byte, list []T, one func([]byte, T) ([]byte, error)) ([]byte, error) {
	out = append(out, '[')
	for i, v := range list {
		if i > 0 {
			out = append(out, ',')
		}
		var err error
		if out, err = one(out, v); err != nil {
			return out, err
		}
	}
	return append(out, ']'), nil
}

// appendOperation appends one operation of a PATCH.
func appendOperation(out []byte, o operation) ([]byte, error) {
	out = AppendText(append(out, `{"op":`...), o.Op)
	if o.Path != "" {
		out = AppendText(append(out, `,"path":`...), o.Path)
	}
	if o.Value != nil {
		var err error
		if out, err = appendJSON(append(out, `,"value":`...), o.Value); err != nil {
			return out, err
		}
	}
	return append(out, '}'), nil
}

// AppendText appends a string as JSON text, as encoding/json writes it but for
// <, > and &, which nobody takes for HTML here.
func AppendText(out []byte, s string) []byte {
	out = append(out, '"')
	done := 0
	for i := 0; i < len(s); {
		if plain[s[i]] {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r < utf8.RuneSelf || r == '\u2028' || r == '\u2029' || r == utf8.RuneError && size == 1 {
			text, _ := json.Marshal(s[i : i+size]) // a string is always encoded
			out = append(append(out, s[done:i]...), text[1:len(text)-1]...)
			done = i + size
		}
		i += size
	}
	return append(append(out, s[done:]...), '"')
}

// plain are the bytes that stand for themselves in JSON text.
var plain = func() (plain [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

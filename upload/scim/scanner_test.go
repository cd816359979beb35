package scim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// value builds what encoding/json builds, from the scanner.
func value(s *scanner) (any, error) {
	c, err := s.peek()
	if err != nil {
		return nil, err
	}
	switch c {
	case '{':
		m := map[string]any{}
		err := s.object(func(name []byte) error {
			key := string(name)
			v, err := value(s)
			m[key] = v
			return err
		})
		return m, err
	case '[':
		list := []any{}
		err := s.array(func() error {
			v, err := value(s)
			list = append(list, v)
			return err
		})
		return list, err
	case '"':
		text, err := s.string()
		return string(text), err
	}
	word, err := s.word()
	switch string(word) {
	case "true":
		return true, err
	case "false":
		return false, err
	case "null":
		return nil, err
	}
	return json.Number(word), err
}

func FuzzScannerReadsWhatEncodingJSONReads(f *testing.F) {
	for _, seed := range []string{
		`{"Resources":[{"id":"1","emails":[{"type":"work","value":"a@example.org"}],"active":true}],"totalResults":1}`,
		`["\u00e9\ud83d\ude00\ud83d x \n\"",-0.5e+10,null,true,false,{}]`, ` [ 1 , 2 ] `, `"`, `{"a":1,}`, `01`, `[1 2]`, `{"a" : "b" , "a":2}`, "\"\xff\xfe\"", `"\ud800\ud800\udc00"`,
		`{"a":-}`, `[tru]`, `"é"`, strings.Repeat("[", 200) + strings.Repeat("]", 200),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var want any
		valid := json.Valid(in)
		if valid {
			d := json.NewDecoder(bytes.NewReader(in))
			d.UseNumber()
			if err := d.Decode(&want); err != nil {
				t.Skip(err)
			}
		}
		for _, size := range []int{1, 7, 32 << 10} {
			s := &scanner{from: iotest.HalfReader(bytes.NewReader(in)), buf: make([]byte, size)}
			got, err := value(s)
			if accepted := err == nil && atEnd(s); accepted != valid {
				t.Fatalf("%q with room for %d: accepted %t, valid %t: %v", in, size, accepted, valid, err)
			}
			if valid && !reflect.DeepEqual(got, want) {
				t.Fatalf("%q with room for %d: %#v, want %#v", in, size, got, want)
			}
			s = &scanner{from: bytes.NewReader(in), buf: make([]byte, size)}
			if accepted := s.skip() == nil && atEnd(s); accepted != valid {
				t.Fatalf("%q with room for %d: skipped %t, valid %t", in, size, accepted, valid)
			}
		}
	})
}

func atEnd(s *scanner) bool {
	_, err := s.peek()
	return errors.Is(err, io.ErrUnexpectedEOF)
}

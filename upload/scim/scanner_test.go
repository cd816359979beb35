package scim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// encoded is what encoding/json makes of a value, but that it takes nothing for
// HTML.
func encoded(t *testing.T, v any) string {
	t.Helper()
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// What is read of a text, and what a value is written as, is what encoding/json
// makes of it.
func FuzzScannerReadsWhatEncodingJSONReads(f *testing.F) {
	for _, seed := range []string{
		`{"Resources":[{"id":"1","emails":[{"type":"work","value":"a@example.org"}],"active":true}],"totalResults":1}`,
		`["\u00e9\ud83d\ude00\ud83d x \n\"",-0.5e+10,null,true,false,{}]`, ` [ 1 , 2 ] `, `"`, `{"a":1,}`, `01`, `[1 2]`, `{"a" : "b" , "B":1.50, "a":2}`, "\"\xff\xfe\"", `"\ud800\ud800\udc00"`,
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
			var got value
			err := got.read(s, 0)
			if accepted := err == nil && atEnd(s); accepted != valid {
				t.Fatalf("%q with room for %d: accepted %t, valid %t: %v", in, size, accepted, valid, err)
			}
			if got, want := string(got.append(nil)), encoded(t, want); valid && got != want {
				t.Fatalf("%q with room for %d: %s, want %s", in, size, got, want)
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

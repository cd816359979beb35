package scim

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"adsync/upload"
)

func TestDecoding(t *testing.T) {
	paths := []string{"userName", "name.givenName", `emails[type eq "work"].value`, `emails[type eq "home"].value`, "roles", "title", "active",
		`addresses[type eq "work"].locality`, upload.SchemaEnterprise + ":department", upload.PathManager}
	for _, row := range []struct{ name, in, want string }{
		{"the parts are found in any order and case", `{"EMAILS":[{"value":"w","Type":"WORK"},{"type":"home","value":"h"}],"ID":"1","Name":{"givenname":"Ada","familyName":"x"}}`,
			`1||active name.givenName=Ada emails[type eq "work"].value=w emails[type eq "home"].value=h`},
		{"numbers stand for ids", `{"id":17,"externalId":4,"title":5}`, `17|4|active title=5`},
		{"booleans come as text", `{"id":"1","active":"False"}`, `1||inactive active=false`},
		{"an element without a type counts when it is the only one", `{"id":"1","emails":[{"value":"a"}]}`, `1||active emails[type eq "work"].value=a`},
		{"two elements without a type cannot be told apart", `{"id":"1","emails":[{"value":"a"},{"value":"b"}]}`, `1||active`},
		{"but for the primary one", `{"id":"1","emails":[{"value":"a"},{"value":"b","primary":true},{"value":"c","primary":false}]}`, `1||active emails[type eq "work"].value=b`},
		{"an untyped element beside a typed one is not taken", `{"id":"1","emails":[{"value":"a","primary":true},{"value":"b","type":"home"}]}`, `1||active emails[type eq "home"].value=b`},
		{"an element of another type is not taken", `{"id":"1","emails":[{"value":"a","type":"other"}]}`, `1||active`},
		{"plain values of a multi-valued attribute", `{"id":"1","roles":["a","b"]}`, `1||active roles=a,b`},
		{"elements of a multi-valued attribute", `{"id":"1","roles":[{"value":"a"},{"value":"b","display":"B"}]}`, `1||active roles=a,b`},
		{"one element without its list", `{"id":"1","roles":{"value":"a"},"emails":{"value":"e","type":"work"}}`, `1||active emails[type eq "work"].value=e roles=a`},
		{"the extension is nested", `{"id":"1","urn:ietf:params:scim:schemas:extension:enterprise:2.0:user":{"department":"R","manager":{"value":"9","displayName":"x"}}}`,
			`1||active urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department=R manager=9`},
		{"the extension is flat", `{"id":"1","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department":"R","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager":"9"}`,
			`1||active urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department=R manager=9`},
		{"null and empty are absent", `{"id":"1","title":null,"userName":"","emails":[],"roles":null,"name":null}`, `1||active`},
		{"sub-attributes without value", `{"id":"1","addresses":[{"type":"work","locality":"X"}],"meta":{"version":"W/\"1\"","created":"2020"}}`, `1||active addresses[type eq "work"].locality=X version=W/"1"`},
		{"nonsense in place of a value", `{"id":"1","title":{"a":[1,{"b":2}]},"name":"Ada","emails":["x@example.org"]}`, `1||active emails[type eq "work"].value=x@example.org`},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, err := decodeOne([]byte(row.in), newShape(upload.User, paths, false))
			if err != nil {
				t.Fatal(err)
			}
			if got := spell(r); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

func TestOfSeveralTypesAnElementWithoutOneIsTheWorkOne(t *testing.T) {
	s := newShape(upload.User, []string{`phoneNumbers[type eq "mobile"].value`, `phoneNumbers[type eq "work"].value`}, false)
	for _, in := range []string{`{"id":"1","phoneNumbers":[{"value":"5"}]}`, `{"id":"1","phoneNumbers":{"value":"5"}}`} {
		r, err := decodeOne([]byte(in), s)
		if err != nil || spell(r) != `1||active phoneNumbers[type eq "work"].value=5` {
			t.Errorf("%s, %v", spell(r), err)
		}
	}
	if got := s.mixed(); len(got) != 1 || !strings.Contains(got[0], "shows phoneNumbers without types, so that mobile and work cannot") {
		t.Errorf("mixed %q", got)
	}
	if _, err := decodeOne([]byte(`{"id":"1","phoneNumbers":[{"value":"5","type":"work"}]}`), s); err != nil || len(s.mixed()) > 0 {
		t.Errorf("mixed %v, %v", s.mixed(), err)
	}
}

// spell is a resource on one line.
func spell(r *upload.Resource) string {
	state := "active"
	if !r.Active {
		state = "inactive"
	}
	parts := []string{r.ID + "|" + r.ExternalID + "|" + state}
	for path, values := range r.Attributes.All() {
		parts = append(parts, path+"="+strings.Join(values, ","))
	}
	if r.Manager != "" {
		parts = append(parts, "manager="+r.Manager)
	}
	if r.Version != "" {
		parts = append(parts, "version="+r.Version)
	}
	return strings.Join(parts, " ")
}

func TestMembersAreRead(t *testing.T) {
	for in, want := range map[string][]string{
		`{"id":"g","members":[{"value":"b"},{"value":"a","type":"User","$ref":"x"}]}`: {"b", "a"},
		`{"id":"g","members":["b",3]}`:               {"b", "3"},
		`{"id":"g","members":[]}`:                    nil,
		`{"id":"g","members":null}`:                  nil,
		`{"id":"g","Members":[{"display":"no id"}]}`: nil,
	} {
		r, err := decodeOne([]byte(in), newShape(upload.Group, nil, true))
		if err != nil || !r.MembersKnown || !reflect.DeepEqual(r.Members, want) {
			t.Errorf("%s: %v, known %v, %v", in, r.Members, r.MembersKnown, err)
		}
	}
}

// FuzzDecoderFindsWhatADocumentHolds compares the decoder with a plain look
// into the document, for attributes without any freedom of form.
func FuzzDecoderFindsWhatADocumentHolds(f *testing.F) {
	f.Add([]byte(`{"id":"1","title":"x","name":{"givenName":"y"}}`))
	f.Add([]byte(`{"ID":1.5,"title":true,"name":[{"givenName":"y"}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		var doc map[string]any
		d := json.NewDecoder(bytes.NewReader(in))
		d.UseNumber()
		if d.Decode(&doc) != nil || doc == nil {
			_, _ = decodeOne(in, newShape(upload.User, []string{"title", "name.givenName"}, true)) // must only return
			return
		}
		for name := range doc {
			if lower := strings.ToLower(name); lower != name {
				return // the same name in two cases: the last one counts, and a map has lost the order
			}
		}
		r, err := decodeOne(in, newShape(upload.User, []string{"title", "name.givenName"}, true))
		if err != nil {
			t.Fatalf("%q: %v", in, err)
		}
		if text, ok := doc["title"].(string); ok && text != "" && bytes.Count(in, []byte("title")) == 1 && (len(r.Get("title")) != 1 || r.Get("title")[0] != text) {
			t.Fatalf("%q: title %q, want %q", in, r.Get("title"), text)
		}
	})
}

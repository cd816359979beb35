package scim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"adsync/upload"
)

// described is a service whose schemas say what some attributes are.
func described() *facts {
	return &facts{
		schema: map[upload.Kind]string{upload.User: upload.SchemaUser},
		attributes: map[upload.Kind]map[string]fact{upload.User: {
			"tags": {Type: "string", Multi: true}, "level": {Type: "integer"}, "share": {Type: "decimal"}, "vip": {Type: "boolean"},
		}},
	}
}

// scattered is a write of some paths, in whichever order and none within
// another, each with the values it was given or, at times, with none.
func scattered(random *rand.Rand, empty bool) upload.Write {
	paths := []string{
		"userName", "displayName", "name.givenName", "name.familyName", "NAME.middleName",
		`emails[type eq "work"].value`, `emails[type eq "home"].value`,
		`phoneNumbers[type eq "Work"].value`, `phoneNumbers[type eq "mobile"].value`,
		`addresses[type eq "work"].locality`, `addresses[type eq "work"].country`, `addresses[type eq "home"].locality`,
		`photos[primary eq "true"].value`, "roles", "entitlements.display", "tags", "level", "share", "vip",
		upload.SchemaEnterprise + ":department", upload.SchemaEnterprise + ":costCenter",
		"urn:example:1.0:User:code", `urn:example:1.0:User:badges[kind eq "a"].value`, "urn:example:1.0:User:place.room",
	}
	x := upload.Write{Kind: upload.User}
	for _, at := range random.Perm(len(paths))[:random.IntN(len(paths))] {
		a := upload.Attribute{Path: paths[at], Values: []string{fmt.Sprintf("%d <\"%s\">\n", random.IntN(9), paths[at])}}
		switch paths[at] {
		case "level", "share":
			a.Values = []string{fmt.Sprint(random.IntN(9))}
		case "vip":
			a.Values = []string{fmt.Sprint(random.IntN(2) == 0)}
		case "roles", "entitlements.display", "tags", `emails[type eq "home"].value`:
			a.Values = append(a.Values, "Zoë")
		}
		if empty && random.IntN(4) == 0 {
			a.Values = nil
		}
		x.Set = append(x.Set, a)
	}
	if on := random.IntN(2) == 0; random.IntN(4) > 0 {
		x.Active = &on
	}
	if id := fmt.Sprintf("m%d", random.IntN(9)); random.IntN(2) == 0 {
		x.Manager = &id
	}
	if id := ""; empty && random.IntN(4) == 0 {
		x.Manager = &id
	}
	return x
}

// What is written of a path is what is read of it, whatever other paths there
// are and in whichever order; what a change does not name stays.
func TestWhatIsWrittenIsWhatIsRead(t *testing.T) {
	for seed := range uint64(3000) {
		random := rand.New(rand.NewPCG(seed, 1))
		first, second := scattered(random, false), scattered(random, true)
		first.ExternalID = "corp:1"
		w := &writer{facts: described(), kind: upload.User}

		user := w.create(&first)
		made := string(user.append(nil))
		shape := newShape(upload.User, append(pathsOf(&first, &second), upload.PathManager), false)
		second.Before = holds(t, seed, made, shape, &first)

		doc, err := readObject([]byte(strings.Replace(made, "{", `{"nickName":"theirs","urn:example:2.0:User":{"code":[1.50,null,{}]},`, 1)))
		if err != nil {
			t.Fatalf("seed %d: %v: %s", seed, err, made)
		}
		w.apply(doc, &second)
		changed := string(doc.append(nil))
		wanted := first
		wanted.Set = slices.Concat(first.Set, second.Set)
		if second.Active != nil {
			wanted.Active = second.Active
		}
		if second.Manager != nil {
			wanted.Manager = second.Manager
		}
		holds(t, seed, changed, shape, &wanted)
		for _, theirs := range []string{`"nickName":"theirs"`, `"urn:example:2.0:User":{"code":[1.50,null,{}]}`} {
			if !strings.Contains(changed, theirs) {
				t.Fatalf("seed %d: %s is not in %s", seed, theirs, changed)
			}
		}
	}
}

func pathsOf(writes ...*upload.Write) (paths []string) {
	for _, x := range writes {
		for _, a := range x.Set {
			paths = append(paths, a.Path)
		}
	}
	return paths
}

// holds checks that a document holds all that a write says, the last value of
// each path, and nothing in vain, in the order of names.
func holds(t *testing.T, seed uint64, text string, s *shape, x *upload.Write) *upload.Resource {
	t.Helper()
	var doc any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil || encoded(t, doc) != text {
		t.Fatalf("seed %d: %v: %s is not the order of names in %s", seed, err, encoded(t, doc), text)
	}
	r, err := decodeOne([]byte(text), s)
	if err != nil {
		t.Fatalf("seed %d: %v: %s", seed, err, text)
	}
	want := map[string][]string{}
	for _, a := range x.Set {
		want[a.Path] = a.Values
	}
	for path, values := range want {
		p, _ := upload.ParsePath(path)
		if got := r.Get(p.String()); !slices.Equal(got, values) {
			t.Fatalf("seed %d: %s is %q, want %q in %s", seed, path, got, values, text)
		}
	}
	if x.Active != nil && r.Active != *x.Active || x.Manager != nil && r.Manager != *x.Manager || r.ExternalID != x.ExternalID {
		t.Fatalf("seed %d: active %t, manager %q, externalId %q in %s", seed, r.Active, r.Manager, r.ExternalID, text)
	}
	for _, vain := range []string{"{}", "[]"} {
		if strings.Contains(strings.ReplaceAll(text, "null,{}", ""), vain) {
			t.Fatalf("seed %d: %s in %s", seed, vain, text)
		}
	}
	return r
}

// One change of one user in every form that it may be sent in.
func TestOneChangeInEveryForm(t *testing.T) {
	const there = `{"id":"1","schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:example:1.0:User"],"userName":"ada","title":"Countess","vip":"true",
		"Emails":[{"type":"work","value":"a@example.org","display":"A"},{"type":"home","value":"h@example.org"}],
		"phoneNumbers":{"type":"mobile","value":"+1 555 0100"},"roles":[{"value":"a","display":"kept"},{"value":"b"}],
		"name":{"givenName":"Ada","formatted":"kept"},"meta":{"version":"1"},"groups":[{"value":"g"}],
		"urn:example:1.0:User":{"code":1.50},"` + upload.SchemaEnterprise + `":{"department":"X","manager":{"value":"m1","displayName":"M"}}}`
	on, manager := false, ""
	x := &upload.Write{Kind: upload.User, ExternalID: "corp:1", Active: &on, Manager: &manager, Set: []upload.Attribute{
		{Path: "title"}, {Path: "vip", Values: []string{"FALSE"}}, {Path: `emails[type eq "work"].value`, Values: []string{"b@example.org"}},
		{Path: `emails[type eq "home"].value`}, {Path: `phoneNumbers[type eq "mobile"].value`}, {Path: "roles", Values: []string{"a", "c"}},
		{Path: `addresses[type eq "work"].locality`, Values: []string{"London <W1>"}}, {Path: `addresses[type eq "work"].country`, Values: []string{"GB"}},
		{Path: "name.givenName"}, {Path: "name.familyName", Values: []string{"King"}}, {Path: "urn:example:1.0:User:code"},
		{Path: upload.SchemaEnterprise + ":department"}, {Path: upload.SchemaEnterprise + ":costCenter", Values: []string{"7"}},
	}}
	var err error
	x.Before, err = decodeOne([]byte(there), newShape(upload.User, append(pathsOf(x), upload.PathManager), false))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, form := range []struct {
		name string
		body func(w *writer, doc *value) []byte
	}{
		{"a new user", func(w *writer, doc *value) []byte { *doc = w.create(x); return doc.append(nil) }},
		{"PUT", func(w *writer, doc *value) []byte { w.schemas(doc); forPut(doc); return doc.append(nil) }},
		{"PUT with null", func(w *writer, doc *value) []byte { w.nulls(doc, x); forPut(doc); return doc.append(nil) }},
		{"PATCH by paths", func(w *writer, _ *value) []byte { return appendPatch(nil, w.operations(x, managerObject)) }},
		{"PATCH without a path", func(w *writer, doc *value) []byte { return appendPatch(nil, w.pathless(doc, x, PatchObject)) }},
		{"PATCH with null", func(w *writer, doc *value) []byte {
			w.nulls(doc, x)
			return appendPatch(nil, w.pathless(doc, x, PatchNulls))
		}},
		{"PATCH of all", func(_ *writer, doc *value) []byte { return appendPatch(nil, everything(doc, PatchPaths)) }},
	} {
		doc, err := readObject([]byte(there))
		if err != nil {
			t.Fatal(err)
		}
		w := &writer{facts: described(), kind: upload.User}
		w.apply(doc, x)
		out.WriteString("-- " + form.name + " --\n")
		if err := json.Indent(&out, form.body(w, doc), "", " "); err != nil {
			t.Fatal(err)
		}
		out.WriteByte('\n')
	}
	const golden = "testdata/forms.golden"
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != strings.ReplaceAll(string(want), "\r\n", "\n") {
		t.Errorf("other than %s:\n%s", golden, got)
	}
}

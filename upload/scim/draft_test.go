package scim

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"adsync/upload"
)

// A draft is what a writer makes of an empty document, byte for byte, whatever
// paths there are and in whichever order.
func TestADraftIsWhatAWriterMakesOfAnEmptyDocument(t *testing.T) {
	paths := []string{
		"userName", "displayName", "title", "name.givenName", "name.familyName", "NAME.middleName", "emails", "emails.value",
		`emails[type eq "work"].value`, `emails[type eq "home"].value`, `emails[type eq "work"].display`, `emails[primary eq "true"].value`,
		`phoneNumbers[type eq "Work"].value`, `phoneNumbers[type eq "mobile"].value`, "phoneNumbers",
		`addresses[type eq "work"].locality`, `addresses[type eq "work"].country`, `addresses[type eq "home"].locality`,
		"roles", "roles.display", `roles[primary eq "true"].value`, "tags", "level", "share", "vip",
		upload.SchemaEnterprise + ":department", upload.SchemaEnterprise + ":costCenter",
		"urn:example:1.0:User:code", `urn:example:1.0:User:badges[kind eq "a"].value`, "urn:example:1.0:User:place.room",
	}
	f := &facts{
		schema: map[upload.Kind]string{upload.User: upload.SchemaUser},
		attributes: map[upload.Kind]map[string]fact{upload.User: {
			"tags": {Type: "string", Multi: true}, "level": {Type: "integer"}, "share": {Type: "decimal"}, "vip": {Type: "boolean"},
		}},
	}
	for seed := range uint64(5000) {
		random := rand.New(rand.NewPCG(seed, 1))
		x := upload.Write{Op: upload.OpCreate, Kind: upload.User}
		if random.IntN(8) > 0 {
			x.ExternalID = "corp:1"
		}
		if on := random.IntN(2) == 0; random.IntN(8) > 0 {
			x.Active = &on
		}
		for _, manager := range []string{"", "m1"} {
			if random.IntN(3) == 0 {
				x.Manager = &manager
			}
		}
		for _, at := range random.Perm(len(paths))[:random.IntN(len(paths))] {
			a := upload.Attribute{Path: paths[at]}
			for i := range 1 + random.IntN(3) {
				a.Values = append(a.Values, []string{"TRUE", "17", "2.50", "a\"b\n", "Zoë", "NaN"}[(at+i)%6])
			}
			x.Set = append(x.Set, a)
		}
		w := &writer{facts: f, kind: upload.User}
		doc := document{}
		w.apply(doc, &x)
		markPrimary(doc)
		doc["schemas"] = w.schemas(doc)
		want, err := appendJSON(nil, doc)
		if err != nil {
			t.Fatal(err)
		}
		got := w.appendDraft(nil, &x, "")
		if !json.Valid(got) {
			t.Fatalf("seed %d: %s", seed, got)
		}
		if string(got) != string(want) {
			t.Fatalf("seed %d: %s\ngot  %s\nwant %s", seed, fmt.Sprint(x.Set), got, want)
		}
	}
}

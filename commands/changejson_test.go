package commands

import (
	"bytes"
	"slices"
	"testing"

	"adsync/upload"
)

func TestAChangeIsWrittenAsItsObject(t *testing.T) {
	for _, row := range []struct {
		name   string
		change upload.Change
	}{
		{"nothing but what every change has", upload.Change{Verb: upload.Create, Kind: upload.User}},
		{"one member", upload.Change{Verb: upload.AddMembers, Kind: upload.Group, Members: []upload.Member{{Name: "ada"}}}},
		{"members, a reason and why it is withheld", upload.Change{
			Verb: upload.RemoveMembers, Kind: upload.Group, Name: "Zo\u00eb", Source: "corp", Anchor: "a", DN: "CN=staff\t", Reason: "gone\n", State: upload.Withheld,
			Why: "limit", Members: []upload.Member{{Name: "ada", Anchor: "b"}, {Name: "grace"}}, Before: &upload.Resource{ID: "1"},
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var want bytes.Buffer
			writeJSON(&want, changeOf(&row.change))
			if got := string(appendChange(nil, &row.change)) + "\n"; got != want.String() {
				t.Errorf("got  %s\nwant %s", got, want.String())
			}
		})
	}
}

func TestAttributesAreWrittenAsTheirObjects(t *testing.T) {
	attributes := []upload.AttributeChange{
		{Path: "title", Old: []string{"Engineer"}, New: []string{`"Lead" <&> \ Zoë`}},
		{Path: "nickName", New: []string{"a", "b"}},
		{Path: "displayName", Old: []string{"a", "b", "c"}},
	}
	var want bytes.Buffer
	writeJSON(&want, attributesOf(slices.Values(attributes)))
	if got := string(appendAttributes(nil, slices.Values(attributes))) + "\n"; got != `,"attributes":`+want.String() {
		t.Errorf("got  %s\nwant %s", got, want.String())
	}
}

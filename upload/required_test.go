package upload_test

import (
	"slices"
	"testing"

	"adsync/upload"
)

func TestWhatTheServiceWantsAndNoMappingGivesIsSaidBeforeTheCreates(t *testing.T) {
	const alias = upload.PathMailNickname
	for _, row := range []struct {
		name     string
		required []string
		want     []string
	}{
		{"the mapping gives it", []string{"userName", "title"}, nil},
		{"a part of it is mapped", []string{"emails", "active"}, nil},
		{"nothing gives it", []string{"title", alias, "name.givenName"},
			[]string{"the service wants " + alias + ", name.givenName of every user, and the mapping of source corp gives none: creates are likely to be refused"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld("ada")
			w.caps.Required = map[upload.Kind][]string{upload.User: row.required}
			got := slices.DeleteFunc(upload.Diff(w.input()).Warnings, func(s string) bool { return len(row.want) > 0 && !slices.Contains(row.want, s) })
			if !slices.Equal(got, row.want) {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}

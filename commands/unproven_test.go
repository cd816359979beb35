package commands

import (
	"strings"
	"testing"

	"adsync/upload"
)

func TestListsThatAreNotProvenAreNamedInOneOrder(t *testing.T) {
	for range 50 {
		held := reading{}
		held.take(&upload.State{Unproven: map[upload.Kind]string{upload.Device: "c", upload.Group: "b", upload.User: "a"}})
		want := "users is not proven complete, no user is removed: a|groups is not proven complete, no group is removed: b|devices is not proven complete, no device is removed: c"
		if got := strings.ReplaceAll(strings.Join(held.warnings, "|"), "the service's list of ", ""); got != want {
			t.Fatalf("got %s\nwant %s", got, want)
		}
	}
}

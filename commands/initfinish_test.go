package commands

import (
	"bytes"
	"testing"

	"adsync/upload"
)

func TestADryRunOfInitShowsTheFirstOfManyThatAreLeftOut(t *testing.T) {
	var said bytes.Buffer
	w := &wizard{ask: &answering{out: &said}}
	q := upload.Quarantine{Kind: upload.User, Name: "ada", Detail: "no userName"}
	w.showPlan(&upload.Plan{Quarantined: []upload.Quarantine{q, q, q, q, q, q, q}})
	line := "  left out: user ada: no userName\n"
	want := line + line + line + line + line + "  ... and 2 more left out; \"adsync check\" explains each\n"
	if got := said.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

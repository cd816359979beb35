// Package modeltest plays random worlds: a directory that changes, a service
// at which others change things too, and a wire on which anything goes wrong.
// Whatever came before, one clean run must make the service agree with the
// directory, leave alone what is not ours, and leave the next run nothing to
// do.
package modeltest

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"adsync/upload/scim"
	"adsync/upload/scimtest"
)

var (
	// Several requests at once meet the faults in an order that no seed
	// repeats, so that is not what every run plays.
	wideWorlds = flag.Bool("wide", false, "send several requests at once in every other world")

	oneSeed = flag.Uint64("seed", 0, "play this one world and tell what happens in it")
	byRules = flag.Int("rules", int(lastRules), "play it by older rules")
	from    = flag.Uint64("from", 1, "the first of the worlds to play")
	seeds   = flag.Int("seeds", 0, "how many worlds to play; default 400, or $ADSYNC_SEEDS")
)

// atOnce is how many worlds are played at the same time: most of the time is
// spent in waiting for each other's requests.
const atOnce = 6

// enough is how many broken worlds are shown.
const enough = 10

func TestRandomWorlds(t *testing.T) {
	if *oneSeed != 0 {
		w, err := play(*oneSeed, rules(*byRules))
		t.Log(w.story())
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	n := worlds(t)
	var next, broken atomic.Int64
	var wait sync.WaitGroup
	for range atOnce {
		wait.Go(func() {
			for i := next.Add(1); i <= int64(n) && broken.Load() < enough; i = next.Add(1) {
				seed := *from + uint64(i) - 1
				if w, err := play(seed, lastRules); err != nil {
					broken.Add(1)
					t.Errorf("%s\n%v\nrepeat with: go test ./upload/modeltest -run TestRandomWorlds -seed %d", w.title(), err, seed)
				}
			}
		})
	}
	wait.Wait()
}

func worlds(t *testing.T) int {
	if *seeds > 0 {
		return *seeds
	}
	text := os.Getenv("ADSYNC_SEEDS")
	if text == "" {
		return 400
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("ADSYNC_SEEDS: %v", err)
	}
	return n
}

// Worlds that once broke, and what was wrong with them.
func TestWorldsThatOnceBroke(t *testing.T) {
	for _, old := range []struct {
		by   rules
		seed uint64
		what string
	}{
		{firstRules, 39, "a user is to have the name of a resource that is not ours"},
		{firstRules, 100, "groups that are looked up come with their members"},
		{firstRules, 342, "a resource that a short list lacks has another name than its entry"},
		{firstRules, 451, "members that show only on request are taken out by PUT"},
		{firstRules, 470, "the manager is adopted in the same run"},
		{firstRules, 497, "who is adopted leaves a group in the same run"},
		{firstRules, 693, "a group whose name is put keeps its members"},
		{firstRules, 712, "what an inactive user shows is not what finds him"},
		{firstRules, 738, "a manager who can only be set by a create is left out"},
		{firstRules, 1177, "a number that the service keeps in its own form is not added twice"},
		{sixthRules, 1282, "a group whose name is put keeps members that are shown by reference"},
		{sixthRules, 2707, "the only group has lost its mark, at a service without PATCH"},
	} {
		t.Run(old.what, func(t *testing.T) {
			if w, err := play(old.seed, old.by); err != nil {
				t.Errorf("%s\n%v", w.title(), err)
			}
		})
	}
}

// play plays the world of a seed by some rules.
func play(seed uint64, by rules) (w *world, err error) {
	w = newWorld(seed, by)
	defer w.close()
	if err := w.start(); err != nil {
		return w, err
	}
	for range 1 + w.roll(4) {
		w.round++
		w.live()
		w.meddle()
		if err := w.disturbed(); err != nil {
			return w, fmt.Errorf("in disturbed run %d: %w", w.round, err)
		}
	}
	w.round++
	if w.roll(2) == 0 {
		w.live()
		w.meddle()
	}
	return w, w.settle()
}

// start starts the service: one that a profile is made for, seen by that
// profile or, half of the time, one of random quirks seen as any service is.
func (w *world) start() error {
	w.profile = "generic"
	if w.roll(2) == 0 {
		profiles := scim.Profiles()
		w.profile = profiles[w.roll(len(profiles))].Name
	}
	quirks, err := scimtest.ForService(w.profile)
	if err != nil || w.profile == "entra-scim" {
		// One speaks no SCIM; at the other a user needs a password.
		w.profile = "generic"
		quirks = scimtest.Quirks{}
	}
	if w.profile == "generic" {
		quirks = w.anyQuirks()
	}
	w.quirks = quirks
	options := scimtest.Options{Quirks: quirks, Seed: w.seed}
	if w.tokens {
		options.Auth.OAuth2 = &scimtest.OAuth2{ClientID: "adsync", ClientSecret: "secret"}
	}
	w.server, err = scimtest.Start(options)
	return err
}

package scim_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"adsync/upload"
	"adsync/upload/scim"
	"adsync/upload/scimtest"
	"adsync/upload/targettest"
)

// A service named by ADSYNC_LIVE_<PROFILE>_URL and _TOKEN is put through the
// suite; _DOMAIN is one that userNames may have. It should be a tenant for
// tests: what the suite made there before is deleted first, where the service
// deletes.
func TestLiveServicesPassTheSuite(t *testing.T) {
	ran := false
	for _, p := range scim.Profiles() {
		prefix := "ADSYNC_LIVE_" + strings.ToUpper(strings.ReplaceAll(p.Name, "-", "_"))
		c := scim.Config{URL: os.Getenv(prefix + "_URL"), Profile: p.Name, Auth: scim.Auth{Bearer: scim.Secret(os.Getenv(prefix + "_TOKEN"))}}
		if c.URL == "" || p.Name == "entra-bulk" { // of which nothing can be read
			continue
		}
		ran = true
		t.Run(p.Name, func(t *testing.T) { liveSuite(t, c, p, os.Getenv(prefix+"_DOMAIN")) })
	}
	if !ran {
		t.Skip("no ADSYNC_LIVE_<PROFILE>_URL is set")
	}
}

// One service that lasts from part to part of the suite, as live ones do, is
// there for each profile but those whose pace would take minutes.
func TestTheSuiteForLiveServicesPassesAtTheirLikes(t *testing.T) {
	for _, p := range scim.Profiles() {
		quirks, err := scimtest.ForService(p.Name)
		if err != nil || p.Writes.PerSecond > 0 {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			server, err := scimtest.Start(scimtest.Options{Quirks: quirks})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(server.Close)
			liveSuite(t, scim.Config{URL: server.URL(), Profile: p.Name, Auth: scim.Auth{Bearer: scim.Secret(server.Token())}}, p, "")
		})
	}
}

func liveSuite(t *testing.T, c scim.Config, p scim.Profile, domain string) {
	targettest.Run(t, func(t *testing.T) targettest.Fixture {
		f := targettest.Fixture{
			// What an earlier part could not delete is in nobody's way.
			Tag: tag(), Domain: domain, Users: 12,
			HidesInactive: p.FrozenInactive, KeepsNames: p.Name == "entra-scim", TakesOver: p.Name == "authentik" || p.Name == "atlassian",
			Connect: func(t *testing.T) upload.Target { return live(t, c) },
		}
		clearLive(t, f.Connect(t))
		return f
	})
}

// tag is another text each time.
func tag() string { return strconv.FormatInt(time.Now().UnixNano(), 36) }

func live(t *testing.T, c scim.Config) upload.Target {
	t.Helper()
	target, err := scim.New(c, scim.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// clearLive deletes what the suite owns.
func clearLive(t *testing.T, target upload.Target) {
	t.Helper()
	owned := func(id string) bool { return strings.HasPrefix(id, "suite") }
	state, err := target.Read(t.Context(), upload.Want{Users: []string{"userName"}, Groups: []string{"displayName"}, Owned: owned})
	if err != nil {
		t.Fatal(err)
	}
	var writes []upload.Write
	can := target.Capabilities().Delete
	for _, k := range []upload.Kind{upload.Group, upload.User} {
		for i := range state.Of(k) {
			r := &state.Of(k)[i]
			if !can[k] {
				continue
			}
			if owned(r.ExternalID) || k == upload.Group && strings.HasPrefix(r.Name, "Suite staff") {
				writes = append(writes, upload.Write{Op: upload.OpDelete, Kind: k, Before: r})
			}
		}
	}
	target.Write(t.Context(), writes, func(i int, r upload.Result) {
		if r.Err != nil {
			t.Logf("delete %s: %v", writes[i].Before.Name, r.Err)
		}
	})
}

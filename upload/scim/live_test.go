package scim_test

import (
	"os"
	"strings"
	"testing"

	"adsync/upload"
	"adsync/upload/scim"
	"adsync/upload/targettest"
)

// A service named by ADSYNC_LIVE_<PROFILE>_URL and _TOKEN is put through the
// suite. It should be a tenant for tests: what the suite made there before is
// deleted first.
func TestLiveServicesPassTheSuite(t *testing.T) {
	ran := false
	for _, p := range scim.Profiles() {
		prefix := "ADSYNC_LIVE_" + strings.ToUpper(strings.ReplaceAll(p.Name, "-", "_"))
		c := scim.Config{URL: os.Getenv(prefix + "_URL"), Profile: p.Name, Auth: scim.Auth{Bearer: scim.Secret(os.Getenv(prefix + "_TOKEN"))}}
		if c.URL == "" {
			continue
		}
		ran = true
		t.Run(p.Name, func(t *testing.T) {
			targettest.Run(t, func(t *testing.T) targettest.Fixture {
				f := targettest.Fixture{
					Domain: os.Getenv(prefix + "_DOMAIN"), Users: 12, HidesInactive: p.FrozenInactive, TakesOver: p.Name == "authentik" || p.Name == "atlassian",
					Connect: func(t *testing.T) upload.Target { return live(t, c) },
				}
				clearLive(t, f.Connect(t))
				return f
			})
		})
	}
	if !ran {
		t.Skip("no ADSYNC_LIVE_<PROFILE>_URL is set")
	}
}

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
	owned := func(id string) bool { return strings.HasPrefix(id, "suite:") }
	state, err := target.Read(t.Context(), upload.Want{Users: []string{"userName"}, Groups: []string{"displayName"}, Owned: owned})
	if err != nil {
		t.Fatal(err)
	}
	var writes []upload.Write
	for _, k := range []upload.Kind{upload.Group, upload.User} {
		for i := range state.Of(k) {
			r := &state.Of(k)[i]
			if owned(r.ExternalID) || k == upload.Group && r.Name == "Suite staff" {
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

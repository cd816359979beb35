package scim_test

import (
	"context"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"adsync/upload"
	"adsync/upload/scim"
	"adsync/upload/scimtest"
	"adsync/upload/targettest"
)

// A clock goes a thousand times faster while somebody sleeps by it.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	defer c.ahead.Add(int64(max(0, d)))
	timer := time.NewTimer(d / 1000)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestEveryProfilePassesTheSuiteAtItsService(t *testing.T) {
	for _, p := range scim.Profiles() {
		quirks, err := scimtest.ForService(p.Name)
		if err != nil {
			continue // entra-bulk speaks no SCIM
		}
		t.Run(p.Name, func(t *testing.T) {
			targettest.Run(t, func(t *testing.T) targettest.Fixture { return fixture(t, quirks, p.Name) })
		})
	}
}

func TestTheGenericProfilePassesTheSuiteAtEveryService(t *testing.T) {
	for _, name := range []string{"aws", "github", "slack", "atlassian", "databricks", "okta", "1password", "authentik", "zitadel", "zoom"} {
		quirks, err := scimtest.ForService(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			targettest.Run(t, func(t *testing.T) targettest.Fixture { return fixture(t, quirks, "generic") })
		})
	}
}

func TestTheGenericProfilePassesTheSuiteWhereListsAreOdd(t *testing.T) {
	for _, row := range []struct {
		name   string
		quirks scimtest.Quirks
	}{
		{"indexes begin with 0", scimtest.Quirks{Index: scimtest.IndexFromZero, Cursor: scimtest.IndexOnly, PageCap: 7}},
		{"an empty list is 404 and answers count from 0", scimtest.Quirks{EmptyIs404: true, Index: scimtest.IndexSaidAsLess, Cursor: scimtest.IndexOnly, PageCap: 7}},
		{"an empty list is 404 and pages come by cursor", scimtest.Quirks{EmptyIs404: true, Cursor: scimtest.CursorMust, Members: scimtest.ShownNever}},
	} {
		t.Run(row.name, func(t *testing.T) {
			targettest.Run(t, func(t *testing.T) targettest.Fixture { return fixture(t, row.quirks, "generic") })
		})
	}
}

func TestWhoWasDeletedIsRevivedByTheCreate(t *testing.T) {
	targettest.Run(t, func(t *testing.T) targettest.Fixture {
		return fixture(t, scimtest.Quirks{Delete: scimtest.DeleteSoft, Revive: scimtest.ReviveByPost}, "generic")
	})
}

func fixture(t *testing.T, quirks scimtest.Quirks, profile string) targettest.Fixture {
	server, err := scimtest.Start(scimtest.Options{Quirks: quirks})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return targettest.Fixture{
		Large:         130,
		HidesInactive: quirks.InactiveUsers != scimtest.InactiveShown,
		KeepsNames:    quirks.Delete == scimtest.DeleteSoft && quirks.Revive == scimtest.ReviveNever,
		TakesOver:     quirks.PostTakesOver,
		Lasting:       quirks.Delete == scimtest.DeleteHard && profile != "github" && profile != "google",
		Connect: func(t *testing.T) upload.Target {
			clock := new(clock)
			target, err := scim.New(scim.Config{URL: server.URL(), Profile: profile, Auth: scim.Auth{Bearer: scim.Secret(server.Token())}}, scim.Env{Sleep: clock.sleep, Now: clock.now})
			if err != nil {
				t.Fatal(err)
			}
			return target
		},
	}
}

// A service of one's own is tested with ADSYNC_TEST_SCIM_URL, _TOKEN and, if
// the URL does not tell, _PROFILE; _DOMAIN is one that userNames may have.
// The suite makes users and groups there and deletes them again.
func TestALiveServicePassesTheSuite(t *testing.T) {
	const prefix = "ADSYNC_TEST_SCIM_"
	address := os.Getenv(prefix + "URL")
	if address == "" {
		t.Skip("set " + prefix + "URL and " + prefix + "TOKEN to test a live service")
	}
	targettest.Run(t, func(*testing.T) targettest.Fixture {
		return targettest.Fixture{Lasting: true, Users: 12, Domain: os.Getenv(prefix + "DOMAIN"), Connect: func(t *testing.T) upload.Target {
			target, err := scim.New(scim.Config{URL: address, Profile: os.Getenv(prefix + "PROFILE"), Auth: scim.Auth{Bearer: scim.Secret(os.Getenv(prefix + "TOKEN"))}}, scim.Env{})
			if err != nil {
				t.Fatal(err)
			}
			return target
		}}
	})
}

package scim_test

import (
	"context"
	"testing"
	"time"

	"adsync/upload"
	"adsync/upload/scim"
	"adsync/upload/scimtest"
	"adsync/upload/targettest"
)

// quickly waits a thousandth of what was asked for.
func quickly(ctx context.Context, d time.Duration) error {
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

func fixture(t *testing.T, quirks scimtest.Quirks, profile string) targettest.Fixture {
	server, err := scimtest.Start(scimtest.Options{Quirks: quirks})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return targettest.Fixture{
		HidesInactive: quirks.InactiveUsers != scimtest.InactiveShown,
		TakesOver:     quirks.PostTakesOver,
		Connect: func(t *testing.T) upload.Target {
			target, err := scim.New(scim.Config{URL: server.URL(), Profile: profile, Auth: scim.Auth{Bearer: scim.Secret(server.Token())}}, scim.Env{Sleep: quickly})
			if err != nil {
				t.Fatal(err)
			}
			return target
		},
	}
}

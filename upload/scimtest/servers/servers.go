// Package servers starts real SCIM services for integration tests.
//
// A service listens on a free loopback port and ends with the test that started it. A test whose server program is not
// installed is skipped and says what to install; when ADSYNC_REQUIRE_SERVERS is 1 it fails instead.
//
// The package imports testing. The in-process service that the demo links is its parent, scimtest.
package servers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// RequireVariable names the environment variable that turns a missing server program from a reason to skip into a
// failure.
const RequireVariable = "ADSYNC_REQUIRE_SERVERS"

func unavailable(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv(RequireVariable) == "1" {
		t.Fatalf("%s=1 but %s", RequireVariable, reason)
	}
	t.Skip(reason)
}

// moduleRoot finds the folder of go.mod above the test's working directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the module's folder: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("find the module's folder: there is no go.mod above the working directory")
		}
		dir = parent
	}
}

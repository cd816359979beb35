package servers

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// scimmyToken is the bearer token of every SCIMMY started here; it guards nothing but a test's own server.
const scimmyToken = "scimmy-test-token"

// installLimit bounds npm ci, which the first test on a machine runs.
const installLimit = 5 * time.Minute

// Scimmy starts testdata/scimmy, a small service on the SCIMMY library, and returns its base URL, its bearer token and
// a function that lists the requests so far as "METHOD path status". Switches are given as environment entries, such as
// "SCIMMY_NO_PATCH=1"; server.js documents them.
//
// The first call on a machine installs the locked npm packages into the user's cache folder.
func Scimmy(t testing.TB, env ...string) (url, token string, log func() []string) {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			unavailable(t, program+" is not installed: install Node.js 18 or newer, with npm")
		}
	}
	script, err := installScimmy(t.Context())
	var unreachable *installError
	if errors.As(err, &unreachable) {
		unavailable(t, err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	url = runScimmy(t, script, env)
	address := strings.TrimSuffix(url, "/scim/v2") + "/_requests"
	return url, scimmyToken, func() []string {
		t.Helper()
		return requestLines(t, address)
	}
}

// installError is npm's failure, most often because the machine is offline.
type installError struct {
	err    error
	output string
}

func (e *installError) Error() string {
	return fmt.Sprintf("the packages of testdata/scimmy cannot be installed: %v\n%s", e.err, e.output)
}

// installScimmy makes a folder with the packages of the lock file, once for each lock file, and returns the server's
// script in it.
func installScimmy(ctx context.Context) (script string, err error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	source := filepath.Join(root, "testdata", "scimmy")
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir() // no home folder, as in some containers
	}
	lock, err := os.ReadFile(filepath.Join(source, "package-lock.json"))
	if err != nil {
		return "", fmt.Errorf("read the lock file: %w", err)
	}
	folder := filepath.Join(cache, "adsync-test", "scimmy-"+hash(lock))
	if _, err := os.Stat(folder); errors.Is(err, os.ErrNotExist) {
		if err := npmInstall(ctx, source, folder); err != nil {
			return "", err
		}
	}
	// The script is named by its content, so that two versions of it can share the packages.
	code, err := os.ReadFile(filepath.Join(source, "server.js"))
	if err != nil {
		return "", fmt.Errorf("read the server: %w", err)
	}
	script = filepath.Join(folder, "server-"+hash(code)+".js")
	if _, err := os.Stat(script); err == nil {
		return script, nil
	}
	temporary := fmt.Sprintf("%s.%d", script, os.Getpid())
	if err := os.WriteFile(temporary, code, 0o600); err != nil {
		return "", fmt.Errorf("copy the server: %w", err)
	}
	if err := os.Rename(temporary, script); err != nil {
		return "", fmt.Errorf("copy the server: %w", err)
	}
	return script, nil
}

// npmInstall runs npm ci in a folder of its own and then gives it its name. Of two that do so at once, one wins.
func npmInstall(ctx context.Context, source, folder string) error {
	if err := os.MkdirAll(filepath.Dir(folder), 0o700); err != nil {
		return fmt.Errorf("make the cache folder: %w", err)
	}
	work, err := os.MkdirTemp(filepath.Dir(folder), "install-")
	if err != nil {
		return fmt.Errorf("make the cache folder: %w", err)
	}
	defer os.RemoveAll(work)
	for _, name := range []string{"package.json", "package-lock.json", ".npmrc"} {
		content, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			return fmt.Errorf("copy the packages' list: %w", err)
		}
		if err := os.WriteFile(filepath.Join(work, name), content, 0o600); err != nil {
			return fmt.Errorf("copy the packages' list: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, installLimit)
	defer cancel()
	npm := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts")
	npm.Dir = work
	if output, err := npm.CombinedOutput(); err != nil {
		return &installError{err, string(output)}
	}
	if err := os.Rename(work, folder); err != nil {
		if _, there := os.Stat(folder); there != nil {
			return fmt.Errorf("keep the packages: %w", err)
		}
	}
	return nil
}

// runScimmy starts the server for the test's length. It also ends when the test process does: its standard input is a
// pipe from here.
func runScimmy(t testing.TB, script string, env []string) string {
	t.Helper()
	cmd := exec.Command("node", script, "0")
	cmd.Env = append(append(os.Environ(), "SCIMMY_TOKEN="+scimmyToken), env...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatalf("start SCIMMY: %v", err)
	}
	line, readErr := bufio.NewReader(stdout).ReadString('\n')
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Wait() // how it ends does not matter once it is not wanted any more
		if t.Failed() && stderr.Len() > 0 {
			t.Logf("SCIMMY: %s", stderr.String())
		}
	})
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "listening ")
	if !ok {
		t.Fatalf("SCIMMY said %q instead of where it listens (%v)", line, readErr)
	}
	return url
}

func requestLines(t testing.TB, address string) []string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("read SCIMMY's request log: %v", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("read SCIMMY's request log: %v", err)
	}
	if len(text) == 0 {
		return nil
	}
	return strings.Split(string(text), "\n")
}

func hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:6])
}

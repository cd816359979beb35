package filetarget

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// resource is one line of a file, with its parts that are looked at.
type resource struct {
	id    string
	login string // userName in lower case
	json  json.RawMessage
}

// folder is what the files hold, and what has been changed since.
type folder struct {
	dir string

	mu      sync.Mutex
	kinds   map[string]map[string]resource // "Users" -> id -> resource
	logins  map[string]int                 // how many users have a login
	dirty   map[string]bool
	changes []operation
}

// operation is one line of changes.jsonl.
type operation struct {
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Data   json.RawMessage `json:"data,omitempty"`
}

// files are the files of the folder by the endpoint that they stand for.
var files = map[string]string{"Users": "users.jsonl", "Groups": "groups.jsonl", "Devices": "devices.jsonl"}

const changesFile = "changes.jsonl"

func open(dir string) (*folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder: %w", err)
	}
	f := &folder{dir: dir, kinds: map[string]map[string]resource{}, logins: map[string]int{}, dirty: map[string]bool{}}
	for endpoint, name := range files {
		resources, err := load(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		f.kinds[endpoint] = resources
	}
	for _, r := range f.kinds["Users"] {
		f.logins[r.login]++
	}
	return f, nil
}

// load reads one resource a line. An absent file is an empty one.
func load(path string) (map[string]resource, error) {
	out := map[string]resource{}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewReader(file)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var head struct{ ID, UserName string }
			if bad := json.Unmarshal(line, &head); bad != nil || head.ID == "" {
				return nil, fmt.Errorf("%s:%d: not a SCIM resource with an id", path, n)
			}
			if _, twice := out[head.ID]; twice {
				return nil, fmt.Errorf("%s:%d: a second resource with the id %q", path, n, head.ID)
			}
			out[head.ID] = resource{id: head.ID, login: strings.ToLower(head.UserName), json: bytes.TrimSpace(line)}
		}
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// save replaces the files that changed.
func (f *folder) save() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.dirty) == 0 {
		return nil
	}
	for _, endpoint := range slices.Sorted(maps.Keys(f.dirty)) {
		var b bytes.Buffer
		for _, r := range f.sorted(endpoint) {
			b.Write(r.json)
			b.WriteByte('\n')
		}
		if err := replace(filepath.Join(f.dir, files[endpoint]), b.Bytes()); err != nil {
			return err
		}
	}
	clear(f.dirty)
	var b bytes.Buffer
	for _, c := range f.changes {
		line, err := json.Marshal(c)
		if err != nil {
			return err
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	return replace(filepath.Join(f.dir, changesFile), b.Bytes())
}

// sorted are the resources of an endpoint by id.
func (f *folder) sorted(endpoint string) []resource {
	return slices.SortedFunc(maps.Values(f.kinds[endpoint]), func(a, b resource) int { return strings.Compare(a.id, b.id) })
}

func replace(path string, text []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".adsync-*") // readable by its owner alone
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

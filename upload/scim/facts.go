package scim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"adsync/upload"
)

// facts are what a service says of itself (RFC 7643 5 to 7). What it does
// not say is as the profile has it.
type facts struct {
	found      bool // there is a ServiceProviderConfig
	patch      bool
	bulk       bool
	bulkOps    int
	bulkSize   int
	sort       bool
	etag       bool
	filter     bool
	cursor     bool // RFC 9865 4
	index      bool
	cursorLike bool // cursors are the service's own first choice
	pageSize   int  // 0: not said
	nested     bool // a group may be a member of a group
	schemes    []string
	endpoints  map[upload.Kind]string
	types      []string                          // names of all resource types
	named      map[upload.Kind]bool              // kinds that ResourceTypes names
	schema     map[upload.Kind]string            // URN of the core schema of a kind
	attributes map[upload.Kind]map[string]fact   // by lower-case path without filter; nil when not said
	spots      atomic.Pointer[map[spotKey]*spot] // paths that were read
}

// A fact is what a schema says of one attribute or sub-attribute.
type fact struct {
	Type       string
	Multi      bool
	CaseExact  bool
	Mutability string
	Returned   string
	Uniqueness string
	Required   bool
}

// readFacts asks the three endpoints at the same time. Many services lack
// some of them.
func (t *Target) readFacts(ctx context.Context) (*facts, error) {
	f := &facts{
		patch: true, index: true, filter: true,
		endpoints: map[upload.Kind]string{upload.User: "/Users"}, named: map[upload.Kind]bool{},
		schema: map[upload.Kind]string{upload.User: upload.SchemaUser, upload.Group: upload.SchemaGroup},
	}
	if !t.profile.NoGroups {
		f.endpoints[upload.Group] = "/Groups"
	}
	var config, types, schemas []byte
	var errs [3]error
	var wait sync.WaitGroup
	wait.Go(func() { config, errs[0] = t.optional(ctx, "/ServiceProviderConfig") })
	wait.Go(func() { types, errs[1] = t.optional(ctx, "/ResourceTypes") })
	wait.Go(func() { schemas, errs[2] = t.optional(ctx, "/Schemas") })
	wait.Wait()
	if err := firstOf(errs[:]); err != nil {
		return nil, err
	}
	f.readConfig(config)
	f.readTypes(types, t)
	f.readSchemas(schemas)
	return f, nil
}

// firstOf is the error that ends the discovery: the first one, but for a
// document that the service goes on failing to give. When it fails to give any
// and asks for patience all the time (503), it is not there.
func firstOf(errs []error) error {
	var down error
	busy := 0
	for _, err := range errs {
		switch {
		case err == nil:
		case !failing(err):
			return err
		case isStatus(err, http.StatusServiceUnavailable):
			busy, down = busy+1, err
		}
	}
	if busy == len(errs) {
		return down
	}
	return nil
}

// failing reports whether a service that is there cannot answer one request.
func failing(err error) bool {
	gone, refusal := new(upload.Unavailable), new(upload.Refusal)
	return errors.As(err, &gone) && errors.As(gone.Err, &refusal) && refusal.Status >= 500
}

// optional gets a document that a service may not have.
func (t *Target) optional(ctx context.Context, path string) ([]byte, error) {
	a, err := t.client.do(ctx, call{method: http.MethodGet, path: path, doing: "discover the service", again: true})
	if isRefusal(err) {
		return nil, nil // a document that is refused is one that is not there
	}
	if err != nil {
		return nil, err
	}
	return a.body, nil
}

type supported struct {
	Supported      truth  `json:"supported"`
	MaxOperations  number `json:"maxOperations"`
	MaxPayloadSize number `json:"maxPayloadSize"`
	MaxResults     number `json:"maxResults"`
}

// readConfig reads ServiceProviderConfig (RFC 7643 5, RFC 9865 4).
func (f *facts) readConfig(body []byte) {
	var c struct {
		Patch, Bulk, Filter, Sort, ETag supported
		Pagination                      *struct {
			Cursor, Index           truth
			DefaultPaginationMethod string
			MaxPageSize             number
		}
		AuthenticationSchemes []struct{ Type string }
	}
	if len(body) == 0 || json.Unmarshal(body, &c) != nil {
		return
	}
	f.found = true
	f.patch = bool(c.Patch.Supported)
	f.bulk = bool(c.Bulk.Supported)
	f.bulkOps, f.bulkSize = int(c.Bulk.MaxOperations), int(c.Bulk.MaxPayloadSize)
	f.filter = bool(c.Filter.Supported)
	f.sort = bool(c.Sort.Supported)
	f.etag = bool(c.ETag.Supported)
	if c.Pagination != nil {
		f.cursor = bool(c.Pagination.Cursor)
		f.index = bool(c.Pagination.Index) || !f.cursor
		f.cursorLike = strings.EqualFold(c.Pagination.DefaultPaginationMethod, "cursor") || !f.index
		f.pageSize = int(c.Pagination.MaxPageSize)
	}
	if n := int(c.Filter.MaxResults); n > 0 && f.pageSize == 0 {
		f.pageSize = n
	}
	for _, s := range c.AuthenticationSchemes {
		f.schemes = append(f.schemes, shortened(s.Type, 40))
	}
}

// A truth is a boolean that may come as text.
type truth bool

// UnmarshalJSON takes true, "true", "True" and 1 for true.
func (f *truth) UnmarshalJSON(b []byte) error {
	text := strings.ToLower(strings.Trim(string(b), `"`))
	*f = text == "true" || text == "1"
	return nil
}

// A number is an integer that may come as text.
type number int

// UnmarshalJSON takes 5, "5" and 5.0; anything else is 0.
func (n *number) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64)
	if err == nil && v > 0 && v < 1<<31 {
		*n = number(v)
	}
	return nil
}

// documents reads a list answer, a bare array, or one document.
func documents(body []byte, into any) error {
	var list struct{ Resources json.RawMessage }
	if json.Unmarshal(body, &list) == nil && len(list.Resources) > 0 {
		body = list.Resources
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("read a list: %w", err)
	}
	return nil
}

// readTypes reads ResourceTypes (RFC 7643 6): the paths, and which one takes
// computers.
func (f *facts) readTypes(body []byte, t *Target) {
	var types []struct{ ID, Name, Endpoint, Schema string }
	if len(body) == 0 || documents(body, &types) != nil || len(types) == 0 {
		return
	}
	groups := false
	for _, one := range types {
		if one.Name == "" {
			one.Name = one.ID
		}
		f.types = append(f.types, one.Name)
		path, ok := t.localPath(one.Endpoint)
		if !ok {
			continue
		}
		var kind upload.Kind
		switch {
		case strings.EqualFold(one.Name, "User") || strings.EqualFold(one.Schema, upload.SchemaUser):
			kind = upload.User
		case strings.EqualFold(one.Name, "Group") || strings.EqualFold(one.Schema, upload.SchemaGroup):
			kind, groups = upload.Group, true
			if t.profile.NoGroups {
				continue
			}
		case t.devices != "" && (strings.EqualFold(one.Name, t.devices) || strings.EqualFold(one.Schema, t.devices)), t.devices == "" && strings.EqualFold(one.Name, "Device"):
			kind = upload.Device
		default:
			continue
		}
		f.endpoints[kind], f.named[kind] = path, true
		if one.Schema != "" {
			f.schema[kind] = one.Schema
		}
	}
	if !groups {
		delete(f.endpoints, upload.Group)
	}
}

// localPath is an endpoint as a path below the base, whatever form it has.
func (t *Target) localPath(endpoint string) (string, bool) {
	base := t.client.base
	if rest, ok := strings.CutPrefix(endpoint, base.Scheme+"://"+base.Host+base.EscapedPath()); ok {
		endpoint = rest
	}
	if strings.Contains(endpoint, "://") || strings.ContainsAny(endpoint, "?#") || strings.Contains(endpoint, "..") {
		return "", false
	}
	endpoint = strings.Trim(endpoint, "/")
	if prefix := strings.Trim(base.EscapedPath(), "/") + "/"; prefix != "/" {
		endpoint = strings.TrimPrefix(endpoint, prefix)
	}
	return "/" + endpoint, endpoint != ""
}

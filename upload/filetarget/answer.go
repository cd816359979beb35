package filetarget

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// answer is the smallest service that the client can work with: it says what
// it offers, lists everything, and takes whole resources.
func (f *folder) answer(r *http.Request) (status int, body any, err error) {
	path := strings.Trim(r.URL.EscapedPath(), "/")
	switch path {
	case "ServiceProviderConfig":
		return http.StatusOK, serviceProviderConfig, nil
	case "ResourceTypes":
		return http.StatusOK, resourceTypes, nil
	}
	endpoint, id, _ := strings.Cut(path, "/")
	if files[endpoint] == "" {
		return http.StatusNotFound, refusal(http.StatusNotFound, "", "no such endpoint"), nil
	}
	if id, err = url.PathUnescape(id); err != nil {
		return 0, nil, err
	}
	var sent []byte
	if r.Body != nil {
		if sent, err = io.ReadAll(r.Body); err != nil {
			return 0, nil, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case r.Method == http.MethodGet && id == "":
		return f.list(endpoint, r.URL.Query())
	case r.Method == http.MethodPost && id == "":
		return f.create(endpoint, sent)
	}
	old, ok := f.kinds[endpoint][id]
	if !ok {
		return http.StatusNotFound, refusal(http.StatusNotFound, "", "no such resource"), nil
	}
	switch r.Method {
	case http.MethodGet:
		return http.StatusOK, old.json, nil
	case http.MethodPut:
		return f.put(endpoint, id, sent)
	case http.MethodDelete:
		f.forget(endpoint, id)
		f.note(endpoint, operation{Method: http.MethodDelete, Path: "/" + endpoint + "/" + id})
		return http.StatusNoContent, nil, nil
	}
	return http.StatusMethodNotAllowed, refusal(http.StatusMethodNotAllowed, "", "not offered"), nil
}

// list answers with a page (RFC 7644 3.4.2). The only filter is eq on one
// attribute at the top.
func (f *folder) list(endpoint string, q url.Values) (int, any, error) {
	all := f.sorted(endpoint)
	if filter := q.Get("filter"); filter != "" {
		name, value, ok := equality(filter)
		if !ok {
			return http.StatusBadRequest, refusal(http.StatusBadRequest, "invalidFilter", "only attribute eq \"value\""), nil
		}
		kept := all[:0:0]
		for _, r := range all {
			if strings.EqualFold(text(r.json, name), value) {
				kept = append(kept, r)
			}
		}
		all = kept
	}
	start, _ := strconv.Atoi(q.Get("startIndex"))
	start = max(start, 1)
	count := len(all)
	if n, err := strconv.Atoi(q.Get("count")); err == nil {
		count = max(n, 0)
	}
	page := all[min(start-1, len(all)):]
	page = page[:min(count, len(page))]
	resources := make([]json.RawMessage, len(page))
	for i, r := range page {
		resources[i] = r.json
		if endpoint == "Groups" {
			resources[i] = withMembers(r.json)
		}
	}
	return http.StatusOK, map[string]any{
		"schemas":      []string{"urn:ietf:params:scim:api:messages:2.0:ListResponse"},
		"totalResults": len(all), "startIndex": start, "itemsPerPage": len(page), "Resources": resources,
	}, nil
}

// withMembers shows that a group has no members. Where no group has any, a
// client could not tell otherwise from a service that does not show them.
func withMembers(group json.RawMessage) json.RawMessage {
	var doc struct{ Members json.RawMessage }
	if json.Unmarshal(group, &doc) != nil || doc.Members != nil {
		return group
	}
	return slices.Concat(bytes.TrimSuffix(group, []byte("}")), json.RawMessage(`,"members":[]}`))
}

func equality(filter string) (name, value string, ok bool) {
	parts := strings.SplitN(filter, " ", 3)
	if len(parts) != 3 || !strings.EqualFold(parts[1], "eq") || json.Unmarshal([]byte(parts[2]), &value) != nil {
		return "", "", false
	}
	return parts[0], value, true
}

// text is a string at the top of a resource.
func text(doc json.RawMessage, name string) string {
	var top map[string]json.RawMessage
	var s string
	if json.Unmarshal(doc, &top) != nil {
		return ""
	}
	for have, v := range top {
		if strings.EqualFold(have, name) && json.Unmarshal(v, &s) == nil {
			return s
		}
	}
	return ""
}

// create gives a new resource its externalId as id: it is unique, it tells
// people where the entry is from, and it is the same on any host.
func (f *folder) create(endpoint string, sent []byte) (int, any, error) {
	var doc map[string]any
	if err := json.Unmarshal(sent, &doc); err != nil {
		return http.StatusBadRequest, refusal(http.StatusBadRequest, "invalidSyntax", err.Error()), nil
	}
	name := "displayName"
	if endpoint == "Users" {
		name = "userName"
	}
	if endpoint == "Users" && f.logins[strings.ToLower(text(sent, name))] > 0 {
		return http.StatusConflict, refusal(http.StatusConflict, "uniqueness", name+" is taken"), nil
	}
	id := text(sent, "externalId")
	if id == "" {
		id = text(sent, name)
	}
	if _, taken := f.kinds[endpoint][id]; taken || id == "" {
		return http.StatusConflict, refusal(http.StatusConflict, "uniqueness", fmt.Sprintf("the id %q is taken", id)), nil
	}
	doc["id"] = id
	r, err := f.keep(endpoint, id, doc)
	if err != nil {
		return 0, nil, err
	}
	f.note(endpoint, operation{Method: http.MethodPost, Path: "/" + endpoint, Data: r})
	return http.StatusCreated, r, nil
}

func (f *folder) put(endpoint, id string, sent []byte) (int, any, error) {
	var doc map[string]any
	if err := json.Unmarshal(sent, &doc); err != nil {
		return http.StatusBadRequest, refusal(http.StatusBadRequest, "invalidSyntax", err.Error()), nil
	}
	doc["id"] = id
	r, err := f.keep(endpoint, id, doc)
	if err != nil {
		return 0, nil, err
	}
	f.note(endpoint, operation{Method: http.MethodPut, Path: "/" + endpoint + "/" + id, Data: r})
	return http.StatusOK, r, nil
}

func (f *folder) keep(endpoint, id string, doc map[string]any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(doc); err != nil {
		return nil, err
	}
	line := json.RawMessage(bytes.TrimSpace(b.Bytes()))
	f.forget(endpoint, id)
	r := resource{id: id, json: line}
	if endpoint == "Users" {
		r.login = strings.ToLower(text(line, "userName"))
		f.logins[r.login]++
	}
	f.kinds[endpoint][id] = r
	return line, nil
}

// forget takes a resource out, if there is one.
func (f *folder) forget(endpoint, id string) {
	if r, ok := f.kinds[endpoint][id]; ok && endpoint == "Users" {
		f.logins[r.login]--
	}
	delete(f.kinds[endpoint], id)
}

func (f *folder) note(endpoint string, o operation) {
	f.dirty[endpoint] = true
	f.changes = append(f.changes, o)
}

func refusal(status int, scimType, detail string) any {
	return map[string]any{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"},
		"status":  strconv.Itoa(status), "scimType": scimType, "detail": detail,
	}
}

func response(r *http.Request, status int, body any) *http.Response {
	var b bytes.Buffer
	if body != nil {
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		// Everything that is answered was made from JSON.
		_ = e.Encode(body)
	}
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/scim+json"}}, Request: r,
		Body: io.NopCloser(&b), ContentLength: int64(b.Len()),
	}
}

var serviceProviderConfig = map[string]any{
	"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"},
	"patch":   offered(false), "bulk": offered(false), "filter": offered(true), "sort": offered(false), "etag": offered(false),
	"changePassword": offered(false), "authenticationSchemes": []any{},
}

func offered(yes bool) map[string]any { return map[string]any{"supported": yes} }

var resourceTypes = map[string]any{
	"schemas":      []string{"urn:ietf:params:scim:api:messages:2.0:ListResponse"},
	"totalResults": 3,
	"Resources": []any{
		resourceType("User", "/Users", "urn:ietf:params:scim:schemas:core:2.0:User"),
		resourceType("Group", "/Groups", "urn:ietf:params:scim:schemas:core:2.0:Group"),
		resourceType("Device", "/Devices", "urn:ietf:params:scim:schemas:core:2.0:Device"),
	},
}

func resourceType(name, endpoint, schema string) map[string]any {
	return map[string]any{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ResourceType"},
		"id":      name, "name": name, "endpoint": endpoint, "schema": schema,
	}
}

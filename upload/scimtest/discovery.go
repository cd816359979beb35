package scimtest

import (
	"net/http"
	"strings"
)

// discovery answers the endpoints that describe the service (RFC 7644, section 4).
func (s *Server) discovery(q *request, path string) (answer, error) {
	if s.quirks().NoDiscovery {
		return answer{}, fail(http.StatusNotFound, "no such endpoint: %s", path)
	}
	if q.method != http.MethodGet {
		return answer{}, fail(http.StatusMethodNotAllowed, "only GET is allowed here")
	}
	if q.query.Has("filter") {
		return answer{}, fail(http.StatusForbidden, "filters are not allowed here")
	}
	kind, name, single := strings.Cut(path[1:], "/")
	var all []any
	var find any
	switch kind {
	case "ServiceProviderConfig":
		return jsonAnswer(http.StatusOK, s.providerConfig()), nil
	case "ResourceTypes":
		for _, t := range s.types {
			one := s.describeType(t)
			all = append(all, one)
			if strings.EqualFold(t.name, name) {
				find = one
			}
		}
	case "Schemas":
		for _, schema := range s.schemas() {
			one := describedSchema{[]string{"urn:ietf:params:scim:schemas:core:2.0:Schema"}, schema, map[string]string{"resourceType": "Schema", "location": s.URL() + "/Schemas/" + schema.ID}}
			all = append(all, one)
			if strings.EqualFold(schema.ID, name) {
				find = one
			}
		}
	}
	if !single {
		return jsonAnswer(http.StatusOK, map[string]any{"schemas": []string{listSchema}, "totalResults": len(all), "startIndex": 1, "itemsPerPage": len(all), "Resources": all}), nil
	}
	if find == nil {
		return answer{}, fail(http.StatusNotFound, "no %s named %s", kind, name)
	}
	return jsonAnswer(http.StatusOK, find), nil
}

type describedSchema struct {
	Schemas []string `json:"schemas"`
	*Schema
	Meta map[string]string `json:"meta"`
}

// schemas lists every schema once.
func (s *Server) schemas() []*Schema {
	var out []*Schema
	for _, t := range s.types {
		out = append(append(out, t.schema), t.extensions...)
	}
	return out
}

func (s *Server) describeType(t *resourceType) map[string]any {
	out := map[string]any{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ResourceType"},
		"id":      t.name, "name": t.name, "endpoint": t.endpoint, "schema": t.schema.ID,
		"meta": map[string]string{"resourceType": "ResourceType", "location": s.URL() + "/ResourceTypes/" + t.name},
	}
	var extensions []map[string]any
	for _, e := range t.extensions {
		extensions = append(extensions, map[string]any{"schema": e.ID, "required": false})
	}
	if extensions != nil {
		out["schemaExtensions"] = extensions
	}
	return out
}

// providerConfig is RFC 7643, section 5, with the pagination of RFC 9865, section 3.
func (s *Server) providerConfig() map[string]any {
	quirks := s.quirks()
	operations, payload := quirks.bulkLimits()
	supported := func(yes bool) map[string]any { return map[string]any{"supported": yes} }
	size := quirks.PageSize
	if size == 0 {
		size = 100
	}
	maxResults := quirks.PageCap
	if maxResults == 0 {
		maxResults = 1000000
	}
	pagination := map[string]any{"cursor": quirks.Cursor != IndexOnly, "index": quirks.Cursor == CursorAndIndex || quirks.Cursor == IndexOnly, "defaultPageSize": size}
	if quirks.PageCap > 0 {
		pagination["maxPageSize"] = quirks.PageCap
	}
	var schemes []map[string]any
	for _, scheme := range []struct {
		offered    bool
		kind, name string
	}{
		{s.auth.opts.Token != "", "oauthbearertoken", "OAuth Bearer Token"},
		{s.auth.opts.Username != "", "httpbasic", "HTTP Basic"},
		{s.auth.opts.OAuth2 != nil, "oauth2", "OAuth 2.0 client credentials"},
	} {
		if scheme.offered {
			schemes = append(schemes, map[string]any{"type": scheme.kind, "name": scheme.name, "description": scheme.name})
		}
	}
	return map[string]any{
		"schemas":               []string{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"},
		"patch":                 supported(quirks.Patch != PatchOff),
		"bulk":                  map[string]any{"supported": quirks.Bulk == BulkOn || quirks.Bulk == BulkLies, "maxOperations": operations, "maxPayloadSize": payload},
		"filter":                map[string]any{"supported": true, "maxResults": maxResults},
		"changePassword":        supported(false),
		"sort":                  supported(!quirks.NoSort),
		"etag":                  supported(!quirks.NoETags),
		"pagination":            pagination,
		"authenticationSchemes": schemes,
		"meta":                  map[string]string{"resourceType": "ServiceProviderConfig", "location": s.URL() + "/ServiceProviderConfig"},
	}
}

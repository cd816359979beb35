package scimtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"
)

// decodeUpload checks the form of the body. That more than 50 operations, and one bad operation, refuse the whole call
// is a guess.
func decodeUpload(body []byte) ([]map[string]any, error) {
	var in struct {
		Schemas    []string `json:"schemas"`
		Operations []struct {
			Method string         `json:"method"`
			BulkID string         `json:"bulkId"`
			Path   string         `json:"path"`
			Data   map[string]any `json:"data"`
		} `json:"Operations"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, fmt.Errorf("invalid data format: %w", err)
	}
	if len(in.Schemas) != 1 || in.Schemas[0] != bulkRequestSchema {
		return nil, fmt.Errorf("schemas must be %s", bulkRequestSchema)
	}
	if len(in.Operations) == 0 || len(in.Operations) > maxBulkOps {
		return nil, fmt.Errorf("a request takes 1 to %d operations, not %d", maxBulkOps, len(in.Operations))
	}
	seen := map[string]bool{}
	var out []map[string]any
	for _, op := range in.Operations {
		id, _ := op.Data["externalId"].(string)
		schemas := fmt.Sprint(op.Data["schemas"])
		switch {
		case op.Method != http.MethodPost || op.Path != "/Users":
			return nil, fmt.Errorf("only POST of /Users is an operation, not %s of %s", op.Method, op.Path)
		case op.BulkID == "" || seen[op.BulkID]:
			return nil, fmt.Errorf("bulkId %q is missing or used twice", op.BulkID)
		case id == "":
			return nil, fmt.Errorf("externalId is missing in %s", op.BulkID)
		case !strings.Contains(schemas, UserSchema):
			return nil, fmt.Errorf("schemas of %s lacks %s", op.BulkID, UserSchema)
		}
		seen[op.BulkID] = true
		out = append(out, op.Data)
	}
	return out, nil
}

// process matches a record by externalId and creates or updates the user.
func (e *EntraBulk) process(record map[string]any, now time.Time) {
	id, _ := record["externalId"].(string)
	display, _ := record["displayName"].(string)
	entry := logEntry{at: now, source: id, name: display, action: "create", status: "success"}
	old := e.users[id]
	if old != nil {
		entry.action = "update"
	}
	user := e.flow(old, record)
	name, _ := user["userName"].(string)
	if code, reason := e.refusal(id, name); code != "" {
		entry.status, entry.code, entry.reason = "failure", code, reason
		e.log = append(e.log, entry)
		return
	}
	entry.changed = propertyChanges(old, user)
	switch {
	case old != nil && len(entry.changed) == 0:
		entry.status = "skipped" // a guess: a record that changes nothing is logged so
	case old != nil && old["active"] != user["active"] && user["active"] == false:
		entry.action = "disable"
	}
	if manager := managerOf(user); manager != "" && e.users[manager] == nil && manager != id {
		// A guess: the documentation only says that a manager is found by its externalId.
		entry.status, entry.reason = "warning", "the manager "+manager+" was not found"
		if enterprise, ok := user[EnterpriseSchema].(map[string]any); ok {
			delete(enterprise, "manager")
		}
	}
	if was, ok := old["userName"].(string); ok {
		delete(e.byUPN, strings.ToLower(was))
	}
	e.users[id] = user
	e.byUPN[strings.ToLower(name)] = id
	e.log = append(e.log, entry)
}

// refusal says why a user cannot be stored. The first code is documented, the others are guesses.
func (e *EntraBulk) refusal(id, name string) (code, reason string) {
	_, domain, ok := strings.Cut(name, "@")
	known := len(e.opts.Domains) == 0
	for _, d := range e.opts.Domains {
		known = known || strings.EqualFold(d, domain)
	}
	switch {
	case !ok || !known:
		return "AzureActiveDirectoryInvalidUserPrincipalName", "the domain of " + name + " is not verified"
	case e.byUPN[strings.ToLower(name)] != "" && e.byUPN[strings.ToLower(name)] != id:
		return "AzureActiveDirectoryDuplicateUserPrincipalName", name + " belongs to another user"
	}
	return "", ""
}

// flow maps a record onto the user there is.
func (e *EntraBulk) flow(old, record map[string]any) map[string]any {
	user := map[string]any{"active": true}
	if old != nil {
		user = roundTrip(old)
	}
	return e.merge(user, record)
}

func (e *EntraBulk) merge(user, record map[string]any) map[string]any {
	for name, v := range record {
		inner, complexValue := v.(map[string]any)
		switch {
		case name == "schemas":
		case v == nil || v == "":
			if e.opts.FlowNull {
				delete(user, name)
			}
		case complexValue:
			had, _ := user[name].(map[string]any)
			if had == nil {
				had = map[string]any{}
			}
			user[name] = e.merge(had, inner)
		default:
			user[name] = v
		}
	}
	if e.opts.FlowNull {
		maps.DeleteFunc(user, func(name string, v any) bool {
			_, sent := record[name]
			_, multi := v.([]any)
			return !sent && !multi && name != "active"
		})
	}
	return user
}

func managerOf(user map[string]any) string {
	enterprise, _ := user[EnterpriseSchema].(map[string]any)
	manager, _ := enterprise["manager"].(map[string]any)
	id, _ := manager["value"].(string)
	return id
}

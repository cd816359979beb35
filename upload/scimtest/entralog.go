package scimtest

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// logEntry is a line of the provisioning log.
type logEntry struct {
	at             time.Time
	source, name   string
	action, status string
	code, reason   string
	changed        []propertyChange
}

// propertyChange is one of an entry's modifiedProperties.
type propertyChange struct {
	Name string  `json:"displayName"`
	Old  *string `json:"oldValue"`
	New  *string `json:"newValue"`
}

// provisioningLog answers GET auditLogs/provisioning: $filter on jobId and activityDateTime, $top, $skiptoken.
func (e *EntraBulk) provisioningLog(h *http.Request) answer {
	query := h.URL.Query()
	keep, err := parseLogFilter(query.Get("$filter"))
	if err != nil {
		return graphError(http.StatusBadRequest, "BadRequest", "Invalid filter clause: "+err.Error())
	}
	size := e.opts.LogPage
	if text := query.Get("$top"); text != "" {
		if size, err = strconv.Atoi(text); err != nil || size < 1 {
			return graphError(http.StatusBadRequest, "BadRequest", "Invalid value for $top")
		}
	}
	from := 0
	if text := query.Get("$skiptoken"); text != "" {
		if from, err = strconv.Atoi(text); err != nil {
			return graphError(http.StatusBadRequest, "BadRequest", "Invalid $skiptoken")
		}
	}
	now := e.opts.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	page := []any{}
	next := -1
	for i := from; i < len(e.log); i++ {
		entry := e.log[i]
		if now.Sub(entry.at) < e.opts.LogDelay || !keep(e.opts.Job, entry.at) {
			continue
		}
		if len(page) == size {
			next = i
			break
		}
		page = append(page, e.describe(i))
	}
	out := map[string]any{"@odata.context": e.base + "/v1.0/$metadata#auditLogs/provisioning", "value": page}
	if next >= 0 {
		values := url.Values{"$filter": {query.Get("$filter")}, "$top": {strconv.Itoa(size)}, "$skiptoken": {strconv.Itoa(next)}}
		out["@odata.nextLink"] = e.base + h.URL.Path + "?" + values.Encode()
	}
	a := jsonAnswer(http.StatusOK, out)
	a.set("Content-Type", "application/json")
	return a
}

// describe is an entry as a provisioningObjectSummary.
func (e *EntraBulk) describe(i int) map[string]any {
	entry := e.log[i]
	status := map[string]any{"status": entry.status}
	if entry.code != "" || entry.reason != "" {
		status["errorInformation"] = map[string]any{"errorCode": entry.code, "reason": entry.reason, "recommendedAction": ""}
	}
	modified := entry.changed
	if modified == nil {
		modified = []propertyChange{}
	}
	return map[string]any{
		"id": fmt.Sprintf("log-%06d", i+1), "activityDateTime": entry.at.UTC().Format(time.RFC3339Nano), "jobId": e.opts.Job,
		"provisioningAction": entry.action, "provisioningStatusInfo": status, "modifiedProperties": modified,
		"sourceIdentity": map[string]any{"id": entry.source, "displayName": entry.name, "identityType": "User"},
	}
}

// parseLogFilter reads the part of OData this log needs: comparisons of jobId and activityDateTime joined by and. Names
// and operators are case-sensitive, but the Location of bulkUpload writes jobid, so both are taken.
func parseLogFilter(text string) (keep func(job string, at time.Time) bool, err error) {
	var tests []func(string, time.Time) bool
	for part := range strings.SplitSeq(text, " and ") {
		fields := strings.Fields(part)
		if text == "" {
			break
		}
		if len(fields) != 3 {
			return nil, fmt.Errorf("%q is no comparison", part)
		}
		name, op, value := fields[0], fields[1], fields[2]
		switch {
		case (name == "jobId" || name == "jobid") && op == "eq":
			want := strings.Trim(value, "'")
			tests = append(tests, func(job string, _ time.Time) bool { return job == want })
		case name == "activityDateTime" && slices.Contains([]string{"eq", "gt", "ge", "lt", "le"}, op):
			want, err := time.Parse(time.RFC3339Nano, value)
			if err != nil {
				return nil, fmt.Errorf("%q is no time", value)
			}
			tests = append(tests, func(_ string, at time.Time) bool { return ordered(op, at.Compare(want)) })
		default:
			return nil, fmt.Errorf("%s %s is not supported", name, op)
		}
	}
	return func(job string, at time.Time) bool {
		for _, test := range tests {
			if !test(job, at) {
				return false
			}
		}
		return true
	}, nil
}

// propertyChanges lists the attributes whose values differ, as modifiedProperties.
func propertyChanges(old, user map[string]any) []propertyChange {
	var changes []propertyChange
	for name, v := range user {
		if !reflect.DeepEqual(old[name], v) {
			changes = append(changes, propertyChange{name, propertyText(old[name]), propertyText(v)})
		}
	}
	for name, v := range old {
		if _, still := user[name]; !still {
			changes = append(changes, propertyChange{name, propertyText(v), nil})
		}
	}
	slices.SortFunc(changes, func(a, b propertyChange) int { return strings.Compare(a.Name, b.Name) })
	return changes
}

// propertyText is a value as the log writes it, null for one that is not there.
func propertyText(v any) *string {
	text, isText := v.(string)
	switch {
	case v == nil:
		return nil
	case !isText:
		text = string(quoted(v))
	}
	return &text
}

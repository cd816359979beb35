package scimtest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

const (
	bulkRequestSchema  = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	bulkResponseSchema = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
)

// bulkOperation is one operation of a bulk request (RFC 7644, section 3.7).
type bulkOperation struct {
	Method  string          `json:"method"`
	BulkID  string          `json:"bulkId"`
	Version string          `json:"version"`
	Path    string          `json:"path"`
	Data    json.RawMessage `json:"data"`
}

// bulkResult is one operation of a bulk answer.
type bulkResult struct {
	Method   string          `json:"method"`
	BulkID   string          `json:"bulkId,omitempty"`
	Location string          `json:"location,omitempty"`
	Version  string          `json:"version,omitempty"`
	Status   any             `json:"status"`
	Response json.RawMessage `json:"response,omitempty"`
}

func (q *Quirks) bulkLimits() (operations, payload int) {
	operations, payload = q.BulkMaxOperations, q.BulkMaxPayload
	if operations == 0 {
		operations = 1000
	}
	if payload == 0 {
		payload = 1 << 20
	}
	return operations, payload
}

// bulk answers POST /Bulk. Operations run in order, but one that refers to a bulkId further on waits for it.
func (s *Server) bulk(q *request) (answer, error) {
	quirks := s.quirks()
	if quirks.Bulk == BulkOff || quirks.Bulk == BulkLies {
		return answer{}, fail(http.StatusNotFound, "no such endpoint: /Bulk")
	}
	if q.method != http.MethodPost {
		return answer{}, fail(http.StatusMethodNotAllowed, "only POST is allowed here")
	}
	maxOps, maxPayload := quirks.bulkLimits()
	if len(q.body) > maxPayload {
		return answer{}, fail(http.StatusRequestEntityTooLarge, "the bulk request is larger than maxPayloadSize (%d)", maxPayload)
	}
	var in struct {
		Schemas      []string
		FailOnErrors *int
		Operations   []bulkOperation
	}
	if err := json.Unmarshal(q.body, &in); err != nil || len(in.Schemas) == 0 || in.Schemas[0] != bulkRequestSchema {
		return answer{}, badRequest("invalidSyntax", "the body is no BulkRequest")
	}
	if len(in.Operations) > maxOps {
		return answer{}, fail(http.StatusRequestEntityTooLarge, "the bulk request has more operations than maxOperations (%d)", maxOps)
	}
	run := &bulkRun{s: s, header: q.header, ops: in.Operations, results: make([]*bulkResult, len(in.Operations)), ids: map[string]string{}}
	if in.FailOnErrors != nil {
		run.failOnErrors = *in.FailOnErrors
	}
	run.all()
	return run.answer(), nil
}

// bulkRun is a bulk request while its operations are done.
type bulkRun struct {
	s            *Server
	header       http.Header
	ops          []bulkOperation
	results      []*bulkResult
	ids          map[string]string // id by bulkId
	errors       int
	failOnErrors int
}

func (b *bulkRun) stopped() bool { return b.failOnErrors > 0 && b.errors >= b.failOnErrors }

// all goes over the operations until no waiting one can be done any more.
func (b *bulkRun) all() {
	for progress := true; progress; {
		progress = false
		for i := range b.ops {
			if b.stopped() {
				return
			}
			if b.results[i] == nil && b.ready(b.ops[i]) {
				b.do(i)
				progress = true
			}
		}
	}
	// What is left waits for a bulkId that is missing, failed, or waits itself.
	for i := range b.ops {
		if b.results[i] == nil && !b.stopped() {
			b.record(i, errorAnswer(&failure{http.StatusConflict, "invalidValue", "a bulkId cannot be resolved"}))
		}
	}
}

var bulkReference = regexp.MustCompile(`bulkId:[^"/\\\]]+`)

func (b *bulkRun) ready(op bulkOperation) bool {
	if b.s.quirks().BulkReferences != ReferencesResolved {
		return true
	}
	for _, ref := range append(bulkReference.FindAllString(string(op.Data), -1), bulkReference.FindAllString(op.Path, -1)...) {
		if _, known := b.ids[strings.TrimPrefix(ref, "bulkId:")]; !known {
			return false
		}
	}
	return true
}

func (b *bulkRun) resolve(text string) string {
	return bulkReference.ReplaceAllStringFunc(text, func(ref string) string { return b.ids[strings.TrimPrefix(ref, "bulkId:")] })
}

func (b *bulkRun) do(i int) {
	op := b.ops[i]
	body := []byte(b.resolve(string(op.Data)))
	if kind := b.s.quirks().BulkReferences; kind != ReferencesResolved && bulkReference.Match(op.Data) {
		body = op.Data
		if kind == ReferencesRefused {
			b.record(i, errorAnswer(badRequest("invalidValue", "bulkId references are not supported")))
			return
		}
		if kind == ReferencesDropped {
			body = withoutReferences(op.Data)
		}
	}
	path, query, _ := strings.Cut(b.resolve(op.Path), "?")
	values, err := url.ParseQuery(query)
	header := b.header.Clone()
	header.Del("If-Match")
	if op.Version != "" {
		header.Set("If-Match", op.Version)
	}
	q := &request{method: strings.ToUpper(op.Method), path: path, query: values, header: header, body: body, inBulk: true}
	switch {
	case err != nil || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "/Bulk"):
		err = badRequest("invalidPath", "%q is no path for a bulk operation", op.Path)
	case q.method == http.MethodPost && op.BulkID == "":
		err = badRequest("invalidValue", "a POST needs a bulkId")
	case q.method == http.MethodGet:
		err = badRequest("invalidSyntax", "GET is no bulk operation")
	}
	var a answer
	fault := b.s.faults.pick(q.method, path, nil)
	if err == nil && (fault == nil || fault.After) {
		a, err = b.s.route(q)
	}
	if fault != nil {
		a, err = fault.statusAnswer(), nil
	}
	if err != nil {
		a = errorAnswer(err)
	}
	b.record(i, a)
}

// withoutReferences leaves out every element and every complex value that holds a reference.
func withoutReferences(data json.RawMessage) []byte {
	var doc any
	if json.Unmarshal(data, &doc) != nil {
		return data
	}
	out, err := json.Marshal(pruned(doc))
	if err != nil {
		return data
	}
	return out
}

func pruned(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if id, ok := v["value"].(string); ok && bulkReference.MatchString(id) {
			return nil
		}
		for name, inner := range v {
			if v[name] = pruned(inner); v[name] == nil {
				delete(v, name)
			}
		}
	case []any:
		kept := []any{}
		for _, inner := range v {
			if inner = pruned(inner); inner != nil {
				kept = append(kept, inner)
			}
		}
		return kept
	}
	return v
}

func (b *bulkRun) record(i int, a answer) {
	op := b.ops[i]
	r := &bulkResult{Method: op.Method, BulkID: op.BulkID, Status: strconv.Itoa(a.status), Version: a.header.Get("ETag"), Location: a.header.Get("Location")}
	if b.s.quirks().BulkStatusObject {
		r.Status = map[string]string{"code": strconv.Itoa(a.status)}
	}
	b.results[i] = r
	if a.status >= 400 {
		b.errors++
		r.Response = a.body
	}
	if a.status == http.StatusCreated {
		var made struct{ ID string }
		if json.Unmarshal(a.body, &made) == nil {
			b.ids[op.BulkID] = made.ID
		}
	}
	if r.Location == "" && a.status < 400 && op.Method != http.MethodPost {
		r.Location = b.s.URL() + b.resolve(op.Path)
	}
}

func (b *bulkRun) answer() answer {
	done := []*bulkResult{}
	for _, r := range b.results {
		if r != nil {
			done = append(done, r)
		}
	}
	return jsonAnswer(http.StatusOK, map[string]any{"schemas": []string{bulkResponseSchema}, "Operations": done})
}

package scim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"adsync/upload"
)

// EntraBulk is Microsoft Entra's API-driven inbound provisioning as a target:
// the bulkUpload of one synchronization job. It takes records of users and
// gives nothing back, so that it is WriteOnly; what became of the records is
// read from the provisioning log, some minutes later.
type EntraBulk struct {
	target *Target
	log    *client // for the provisioning log
	job    string
	wait   time.Duration

	mu      sync.Mutex
	remarks []string
}

// The limits that Microsoft documents, for a tenant with P1 or P2 licences.
const (
	EntraRecords    = 50   // records of one call
	EntraDailyCalls = 2000 // calls in 24 hours; 6000 with ID Governance
)

// graphHosts are the hosts that the token may be sent to.
var graphHosts = []string{"graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn"}

// NewEntraBulk makes the target of a job's bulkUpload URL.
func NewEntraBulk(c Config, e Env) (*EntraBulk, error) {
	c.Profile = "entra-bulk"
	t, err := New(c, e)
	if err != nil {
		return nil, err
	}
	base := t.client.base
	root, rest, ok := strings.Cut(base.Path, "/servicePrincipals/")
	parts := strings.Split(rest, "/") // {id}/synchronization/jobs/{job}/bulkUpload
	if !ok || len(parts) != 5 || parts[1] != "synchronization" || parts[2] != "jobs" || parts[4] != "bulkUpload" {
		return nil, fmt.Errorf("service URL %q: want .../servicePrincipals/{id}/synchronization/jobs/{id}/bulkUpload", c.URL)
	}
	if host := base.Hostname(); !slices.Contains(graphHosts, host) && !isLoopback(host) {
		return nil, fmt.Errorf("service URL %q: %s is not a host of Microsoft Graph", c.URL, host)
	}
	log := *t.client
	log.base = &url.URL{Scheme: base.Scheme, Host: base.Host, Path: root}
	t.facts = &facts{
		endpoints: map[upload.Kind]string{upload.User: ""},
		schema:    map[upload.Kind]string{upload.User: upload.SchemaUser},
	}
	return &EntraBulk{target: t, log: &log, job: parts[3], wait: c.OutcomeWait}, nil
}

// Read signs in, which is all that can be tried without sending anything.
func (e *EntraBulk) Read(ctx context.Context, _ upload.Want) (*upload.State, error) {
	if _, err := e.target.client.credentials.header(ctx); err != nil {
		return nil, err
	}
	return &upload.State{}, nil
}

// Capabilities implements upload.Target.
func (e *EntraBulk) Capabilities() upload.Capabilities {
	return upload.Capabilities{
		Profile: "entra-bulk", Bulk: true, Deactivates: true, WriteOnly: true,
		Delete: map[upload.Kind]bool{upload.User: false, upload.Group: false, upload.Device: false},
		Trait:  func(upload.Kind, string) upload.Trait { return upload.Trait{} },
	}
}

// Find implements upload.Target: nothing can be looked up.
func (e *EntraBulk) Find(_ context.Context, k upload.Kind, key, _ string) ([]upload.Resource, error) {
	return nil, &upload.Unanswerable{Kind: k, Key: key, Err: errors.New("bulkUpload has no read side")}
}

// Budget says what so many records cost of the tenant's daily calls, and
// whether they fit at all.
func (e *EntraBulk) Budget(records int) (sentence string, fits bool) {
	calls := (records + EntraRecords - 1) / EntraRecords
	if calls == 0 {
		return "", true
	}
	sentence = fmt.Sprintf("%d records are %d calls of the tenant's %d in 24 hours (6000 with ID Governance); at most %d such runs a day",
		records, calls, EntraDailyCalls, EntraDailyCalls/calls)
	if calls > EntraDailyCalls {
		sentence = fmt.Sprintf("%d records are %d calls, and the tenant has %d in 24 hours (6000 with ID Governance): this run cannot fit; narrow the scope",
			records, calls, EntraDailyCalls)
	}
	return sentence, calls <= EntraDailyCalls
}

// Remarks are what there is to say after the writing.
func (e *EntraBulk) Remarks() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.remarks)
}

// bulkUpload is the body of a call. It looks like a SCIM bulk request and is
// none: every operation is a POST to /Users, whatever is to happen.
type bulkUpload struct {
	Schemas      []string       `json:"schemas"`
	Operations   []uploadRecord `json:"Operations"`
	FailOnErrors *int           `json:"failOnErrors"`
}

type uploadRecord struct {
	Method string          `json:"method"`
	BulkID string          `json:"bulkId"`
	Path   string          `json:"path"`
	Data   json.RawMessage `json:"data"`
}

// Write sends the records in their order, so that managers come before those
// who name them, and waits for the log to say what became of them.
func (e *EntraBulk) Write(ctx context.Context, writes []upload.Write, done func(int, upload.Result)) {
	began := e.target.client.env.Now()
	sent := map[string]int{} // by externalId
	results := make([]upload.Result, len(writes))
	var stopped error
	for from := 0; from < len(writes); from += EntraRecords {
		batch := writes[from:min(from+EntraRecords, len(writes))]
		if stopped == nil {
			stopped = ctx.Err()
		}
		err := stopped
		if err == nil {
			err = e.send(ctx, batch)
		}
		if gone := new(upload.Unavailable); errors.As(err, &gone) {
			stopped = err
		}
		for i := range batch {
			results[from+i].Err = err
			if err == nil {
				sent[batch[i].ExternalID] = from + i
			}
		}
	}
	e.outcomes(ctx, began, sent, results)
	for i := range results {
		done(i, results[i])
	}
}

// send uploads one batch. The same record twice is the same as once.
func (e *EntraBulk) send(ctx context.Context, batch []upload.Write) error {
	body := bulkUpload{Schemas: []string{"urn:ietf:params:scim:api:messages:2.0:BulkRequest"}}
	for i := range batch {
		w := &batch[i]
		if w.Kind != upload.User || w.Op != upload.OpCreate {
			return &upload.Refusal{Status: http.StatusNotImplemented, Detail: "bulkUpload takes whole users and nothing else"}
		}
		body.Operations = append(body.Operations, uploadRecord{Method: http.MethodPost, BulkID: w.ExternalID, Path: "/Users", Data: e.record(w)})
	}
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode the records: %w", err)
	}
	_, err = e.target.client.do(ctx, call{method: http.MethodPost, body: text, again: true, doing: "upload records"})
	if failed := new(unsure); errors.As(err, &failed) {
		return &upload.Unavailable{Doing: "upload records", Err: failed.err}
	}
	return err
}

// record is a user whole: what is mapped and empty is null, for an attribute
// that is left out keeps its value.
func (e *EntraBulk) record(x *upload.Write) []byte {
	w := e.target.writer(upload.User)
	doc := w.create(x)
	if x.Active == nil {
		doc.put("active", truthOf(true))
	}
	whole := *x // but for elements of a type
	whole.Set = slices.DeleteFunc(slices.Clone(x.Set), func(a upload.Attribute) bool { return strings.Contains(a.Path, "[") })
	w.nulls(&doc, &whole)
	doc.put("schemas", value{kind: listValue, list: []value{textOf(upload.SchemaEnterprise)}})
	w.schemas(&doc)
	return doc.append(nil)
}

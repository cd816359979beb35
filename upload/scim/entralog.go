package scim

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"adsync/upload"
)

// logPoll is the time between two looks at the provisioning log, whose
// entries come five to ten minutes after the upload.
const logPoll = 30 * time.Second

// outcomes waits until the provisioning log tells of every record that was
// sent, or the wait is over, and sets the results of those that failed.
func (e *EntraBulk) outcomes(ctx context.Context, began time.Time, sent map[string]int, results []upload.Result) {
	if len(sent) == 0 || e.wait <= 0 {
		return
	}
	env := e.target.client.env
	poll := min(logPoll, max(e.wait/10, 10*time.Millisecond))
	for deadline := env.Now().Add(e.wait); len(sent) > 0; {
		if err := e.readLog(ctx, began, sent, results); err != nil {
			e.remark(fmt.Sprintf("what became of %d records is not known, the provisioning log could not be read: %v", len(sent), err))
			return
		}
		if len(sent) == 0 || !env.Now().Add(poll).Before(deadline) {
			break
		}
		if env.Sleep(ctx, poll) != nil {
			break
		}
	}
	if len(sent) > 0 {
		e.remark(fmt.Sprintf("%d records were taken, and the provisioning log does not tell yet what became of them", len(sent)))
	}
}

func (e *EntraBulk) remark(text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.remarks = append(e.remarks, text)
}

// provisioned is an entry of the log (Graph: provisioningObjectSummary).
type provisioned struct {
	SourceIdentity struct {
		ID string `json:"id"`
	} `json:"sourceIdentity"`
	Status struct {
		Status string `json:"status"`
		Error  *struct {
			Code   string `json:"errorCode"`
			Reason string `json:"reason"`
			Action string `json:"recommendedAction"`
		} `json:"errorInformation"`
	} `json:"provisioningStatusInfo"`
}

// readLog reads the log's pages from the beginning of the run, and takes out
// of sent what it tells of.
func (e *EntraBulk) readLog(ctx context.Context, began time.Time, sent map[string]int, results []upload.Result) error {
	query := url.Values{"$filter": {fmt.Sprintf("jobId eq '%s' and activityDateTime gt %s",
		strings.ReplaceAll(e.job, "'", "''"), began.UTC().Add(-time.Second).Format(time.RFC3339))}}
	for {
		a, err := e.log.do(ctx, call{method: http.MethodGet, path: "/auditLogs/provisioning", query: query, again: true, doing: "read the provisioning log"})
		if err != nil {
			return err
		}
		var page struct {
			Value []provisioned `json:"value"`
			Next  string        `json:"@odata.nextLink"`
		}
		if err := json.Unmarshal(a.body, &page); err != nil {
			return fmt.Errorf("decode the provisioning log: %w", err)
		}
		for _, entry := range page.Value {
			if i, ok := sent[entry.SourceIdentity.ID]; ok {
				results[i].Err = entry.failure()
				delete(sent, entry.SourceIdentity.ID)
			}
		}
		if page.Next == "" || len(sent) == 0 {
			return nil
		}
		// Only the query of the link is taken: the token is for one host.
		next, err := url.Parse(page.Next)
		if err != nil {
			return fmt.Errorf("the provisioning log's next page: %w", err)
		}
		query = next.Query()
	}
}

// failure is what went wrong with a record; success, skipped and warning are
// not failures.
func (p *provisioned) failure() error {
	if p.Status.Status != "failure" {
		return nil
	}
	r := &upload.Refusal{Status: http.StatusUnprocessableEntity, Detail: "the provisioning log says failure"}
	if x := p.Status.Error; x != nil {
		r.Detail, r.Hint = strings.TrimSpace(x.Code+": "+x.Reason), x.Action
	}
	return r
}

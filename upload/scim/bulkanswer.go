package scim

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"adsync/upload"
)

// An outcome is what a bulk answer says of one operation.
type outcome struct {
	BulkID   string          `json:"bulkId"`
	Method   string          `json:"method"`
	Location string          `json:"location"`
	Status   json.RawMessage `json:"status"`
	Response json.RawMessage `json:"response"`
}

// settle gives each operation its outcome. Operations without a bulkId are
// told by their place, if all were answered.
func (r *run) settle(ctx context.Context, b batch, body []byte) {
	var reply struct{ Operations []outcome }
	if err := json.Unmarshal(body, &reply); err != nil {
		r.singly(ctx, b.writes, true)
		return
	}
	byID := make(map[string]*outcome, len(reply.Operations))
	for i := range reply.Operations {
		if o := &reply.Operations[i]; o.BulkID != "" {
			byID[o.BulkID] = o
		}
	}
	for n, i := range b.writes {
		o := byID[bulkID(i)]
		if len(byID) == 0 && len(reply.Operations) == len(b.writes) {
			o = &reply.Operations[n]
		}
		if b.refers[n] {
			r.referred(ctx, i, o)
			continue
		}
		r.outcome(ctx, i, o)
	}
}

func (r *run) outcome(ctx context.Context, i int, o *outcome) {
	w := &r.writes[i]
	if o == nil {
		r.single(ctx, i, true)
		return
	}
	status := statusOf(o.Status)
	switch {
	case status == 0 || status >= 500 || status == http.StatusTooManyRequests:
		r.single(ctx, i, true)
	case status < 300 && w.Op == upload.OpCreate:
		r.report(i, r.target.newlyCreated(ctx, w, o.answer(), &r.target.learned.managers))
	case status < 300, status == http.StatusNotFound && w.Op == upload.OpDelete:
		result := upload.Result{}
		if after, err := decodeOne(o.Response, r.target.shapeOf(w.Kind)); err == nil && w.Op == upload.OpUpdate && !after.Attributes.Empty() {
			result.After = after
		}
		r.report(i, result)
	case status == http.StatusConflict && w.Op == upload.OpCreate, status == http.StatusRequestEntityTooLarge, namesManager(w),
		status == http.StatusBadRequest && (w.Op == upload.OpAddMembers || w.Op == upload.OpRemoveMembers):
		// SCIMMY answers 409 to an operation of its own making, a manager may
		// be what is refused, and members may be too many.
		r.single(ctx, i, true)
	default:
		r.report(i, upload.Result{Err: refusal(o.answer())})
	}
}

// answer is an outcome as that of a request of its own.
func (o *outcome) answer() *answer {
	return &answer{status: statusOf(o.Status), header: http.Header{"Location": {o.Location}}, body: o.Response}
}

// statusOf reads "201", 201 and {"code": "201"}: the RFC, what many send,
// and an old draft.
func statusOf(raw json.RawMessage) int {
	var object struct{ Code json.RawMessage }
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) && json.Unmarshal(raw, &object) == nil {
		raw = object.Code
	}
	n, err := strconv.Atoi(strings.Trim(string(raw), `" `))
	if err != nil {
		return 0
	}
	return n
}

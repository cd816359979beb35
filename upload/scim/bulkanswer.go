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
	bulkID   string
	location string
	status   int    // 0 when it cannot be read
	response []byte // part of the answer
}

// outcomes reads a bulk answer (RFC 7644 3.7).
func outcomes(body []byte) ([]outcome, error) {
	s := scannerOf(body)
	var out []outcome
	err := s.object(func(name []byte) error {
		if c, err := s.peek(); err != nil || c != '[' || !strings.EqualFold(string(name), "Operations") {
			return s.skip()
		}
		return s.array(func() error {
			o, err := s.outcome()
			out = append(out, o)
			return err
		})
	})
	return out, err
}

func (s *scanner) outcome() (o outcome, err error) {
	err = s.object(func(name []byte) error {
		part := strings.ToLower(string(name))
		value, err := s.raw()
		if err != nil {
			return err
		}
		switch part {
		case "bulkid":
			return orNull(value, &o.bulkID)
		case "location":
			return orNull(value, &o.location)
		case "status":
			o.status = statusOf(value)
		case "response":
			o.response = value
		}
		return nil
	})
	return o, err
}

// raw takes a value as it is written, of a text that is there already.
func (s *scanner) raw() ([]byte, error) {
	if _, err := s.peek(); err != nil {
		return nil, err
	}
	start := s.pos
	err := s.skip()
	return s.buf[start:s.pos], err
}

// orNull reads a string, or null for none.
func orNull(value []byte, into *string) error {
	text, _, err := scannerOf(value).scalar()
	*into = string(text)
	return err
}

// settle gives each operation its outcome. Operations without a bulkId are
// told by their place, if all were answered.
func (r *run) settle(ctx context.Context, b batch, body []byte) {
	answered, err := outcomes(body)
	if err != nil {
		r.singly(ctx, b.writes, true)
		return
	}
	byID := make(map[string]*outcome, len(answered))
	for i := range answered {
		if o := &answered[i]; o.bulkID != "" {
			byID[o.bulkID] = o
		}
	}
	for n, i := range b.writes {
		o := byID[bulkID(i)]
		if len(byID) == 0 && len(answered) == len(b.writes) {
			o = &answered[n]
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
	switch status := o.status; {
	case status == 0 || status >= 500 || status == http.StatusTooManyRequests:
		r.single(ctx, i, true)
	case status < 300 && w.Op == upload.OpCreate:
		r.report(i, r.target.newlyCreated(ctx, w, o.answer(), &r.target.learned.managers))
	case status < 300, status == http.StatusNotFound && w.Op == upload.OpDelete:
		result := upload.Result{Lost: w.Op == upload.OpUpdate && r.target.updating(w).allLost(PatchPaths)}
		if after, err := decodeOne(o.response, r.target.shapeOf(w.Kind)); err == nil && w.Op == upload.OpUpdate && !after.Attributes.Empty() && !result.Lost {
			result.After = after
		}
		r.report(i, result)
	case status == http.StatusConflict && w.Op == upload.OpCreate, status == http.StatusRequestEntityTooLarge, namesOthers(w),
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
	return &answer{status: o.status, header: http.Header{"Location": {o.location}}, body: o.response}
}

// statusOf reads "201", 201 and {"code": "201"}: the RFC, what many send,
// and an old draft.
func statusOf(raw []byte) int {
	var object struct{ Code json.RawMessage }
	if bytes.HasPrefix(raw, []byte("{")) && json.Unmarshal(raw, &object) == nil {
		raw = object.Code
	}
	n, err := strconv.Atoi(strings.Trim(string(raw), `" `))
	if err != nil {
		return 0
	}
	return n
}

package scimtest

import (
	"bytes"
	"net"
	"net/http"
	"strconv"
	"time"
)

// deliver lets the service answer, or the fault spoil it. log is told the status the client will see; 0 is none. A
// closed server ends what hangs.
func deliver(closed <-chan struct{}, w http.ResponseWriter, h *http.Request, f *Fault, respond func() answer, log func(int)) {
	if f == nil {
		write(w, respond(), log)
		return
	}
	if f.Delay > 0 && !wait(closed, h, f.Delay) {
		log(0)
		return
	}
	switch f.Kind {
	case FaultDelay:
		write(w, respond(), log)
	case FaultStatus:
		if f.After {
			respond()
		}
		write(w, f.statusAnswer(), log)
	case FaultHTML:
		a := answer{status: f.Status, body: []byte("<html><body><h1>Bad Gateway</h1></body></html>")}
		if a.status == 0 {
			a.status = http.StatusBadGateway
		}
		a.set("Content-Type", "text/html")
		write(w, a, log)
	case FaultReset:
		log(0)
		cut(w, 0)
	case FaultLost:
		respond()
		log(0)
		cut(w, -1)
	case FaultTruncate:
		writeHalf(w, respond(), log)
	case FaultMalformed:
		a := respond()
		a.body = []byte(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":`)
		write(w, a, log)
	case FaultEndless:
		log(http.StatusOK)
		writeEndless(closed, w, h)
	case FaultRedirect:
		a := answer{status: http.StatusTemporaryRedirect}
		a.set("Location", f.Detail)
		write(w, a, log)
	case FaultHang, FaultHangAfter:
		if f.Kind == FaultHangAfter {
			respond()
		}
		log(0)
		wait(closed, h, time.Hour)
		cut(w, -1)
	}
}

// wait pauses; it says whether the client and the server are still there.
func wait(closed <-chan struct{}, h *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-h.Context().Done():
	case <-closed:
	}
	return false
}

func (f *Fault) statusAnswer() answer {
	detail := f.Detail
	if detail == "" {
		detail = http.StatusText(f.Status)
	}
	a := errorAnswer(fail(f.Status, "%s", detail))
	if f.RetryAfter != "" {
		a.set("Retry-After", f.RetryAfter)
	}
	return a
}

func write(w http.ResponseWriter, a answer, log func(int)) {
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	if h.Get("Content-Type") == "" && len(a.body) > 0 {
		h.Set("Content-Type", "application/scim+json;charset=UTF-8")
	}
	if a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	log(a.status)
	w.WriteHeader(a.status)
	// A client that has gone away is no concern of the service.
	_, _ = w.Write(a.body)
}

// writeHalf promises the whole body and breaks off in the middle.
func writeHalf(w http.ResponseWriter, a answer, log func(int)) {
	if len(a.body) < 2 {
		log(0)
		cut(w, -1)
		return
	}
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	h.Set("Content-Type", "application/scim+json;charset=UTF-8")
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	log(a.status)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body[:len(a.body)/2])
	if flusher, ok := w.(http.Flusher); ok {
		flusher.Flush()
	}
	cut(w, -1)
}

// writeEndless sends the beginning of a list and then blanks, until the client has had enough.
func writeEndless(closed <-chan struct{}, w http.ResponseWriter, h *http.Request) {
	w.Header().Set("Content-Type", "application/scim+json;charset=UTF-8")
	w.WriteHeader(http.StatusOK)
	chunk := append([]byte(`{"Resources":[`), bytes.Repeat([]byte{' '}, 1<<16)...)
	for {
		select {
		case <-closed:
			return
		case <-h.Context().Done():
			return
		default:
		}
		if _, err := w.Write(chunk); err != nil {
			return
		}
		chunk = chunk[len(chunk)-1<<16:]
	}
}

// cut ends the connection without an answer; linger 0 makes it a reset. On HTTP/2 only the stream ends, by the
// panic value net/http documents for that.
func cut(w http.ResponseWriter, linger int) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	conn, _, err := hijacker.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	inner := conn
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		inner = t.NetConn()
	}
	if tcp, ok := inner.(*net.TCPConn); ok && linger == 0 {
		_ = tcp.SetLinger(0)
		_ = tcp.Close()
		return
	}
	_ = conn.Close()
}

package ldapsrc

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// The size of a message is limited so that a broken length cannot take all
// memory; an entry with 100,000 members has about 10 MB.
const (
	maxMessage  = 64 << 20
	bufferFirst = 32 << 10
	bufferKeep  = 4 << 20
	bufferFree  = 16 << 10 // read at least this much at once: a TLS record
)

// A stream reads the LDAPMessages (RFC 4511 4.1.1) of a connection. Messages
// are slices of its buffer, valid until the next fill.
type stream struct {
	conn  io.Reader
	limit int // of one message
	buf   []byte
	r, w  int  // buf[r:w] is read and not yet consumed
	full  bool // the last fill left no room: more is likely to be there
}

// frame returns the size of the message at the given distance from the first
// unconsumed byte, 0 when it is not there in full.
func (s *stream) frame(at int) (int, error) {
	size, err := messageSize(s.buf[s.r+at : s.w])
	if err != nil {
		return 0, err
	}
	if size > s.limit {
		return 0, fmt.Errorf("a message of %d bytes: the limit is %d", size, s.limit)
	}
	if size == 0 || s.r+at+size > s.w {
		return 0, nil
	}
	return size, nil
}

// skip consumes n bytes.
func (s *stream) skip(n int) {
	if s.r += n; s.r == s.w {
		s.r, s.w = 0, 0
		if len(s.buf) > bufferKeep {
			s.buf = nil // one huge entry does not cost memory for ever
		}
	}
}

// fill reads once. What is unconsumed may move within the buffer.
func (s *stream) fill() error {
	if len(s.buf)-s.w < bufferFree {
		s.makeRoom()
	}
	n, err := s.conn.Read(s.buf[s.w:])
	s.w += n
	s.full = s.w == len(s.buf)
	if n > 0 {
		return nil
	}
	if err == nil {
		return io.ErrNoProgress
	}
	if errors.Is(err, io.EOF) && s.w > s.r {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (s *stream) makeRoom() {
	held := s.w - s.r
	to := s.buf
	if len(s.buf)-held < bufferFree || held > len(s.buf)/2 {
		to = make([]byte, max(2*len(s.buf), bufferFirst))
	}
	copy(to, s.buf[s.r:s.w])
	s.buf, s.r, s.w = to, 0, held
}

// message waits for one whole message and consumes it.
func (s *stream) message() ([]byte, error) {
	for {
		size, err := s.frame(0)
		if err != nil {
			return nil, err
		}
		if size > 0 {
			b := s.buf[s.r : s.r+size]
			s.skip(size)
			return b, nil
		}
		if err := s.fill(); err != nil {
			return nil, err
		}
	}
}

// A wire stands between go-ldap and the connection. It hands go-ldap one whole
// message at a time, and only while a request of go-ldap waits for an answer;
// otherwise go-ldap's reader rests in Read, and the stream belongs to a search
// of our own. So one socket serves both without a goroutine between them.
type wire struct {
	net.Conn
	stream stream

	mu      sync.Mutex
	changed *sync.Cond
	pending int // requests of go-ldap that wait for an answer
	closed  bool
	failed  error // why go-ldap got no answer

	rest []byte // of the message that go-ldap is reading
}

func newWire(conn net.Conn) *wire {
	w := &wire{Conn: conn, stream: stream{conn: conn, limit: maxMessage}}
	w.changed = sync.NewCond(&w.mu)
	return w
}

// Read gives go-ldap the answers to its requests.
func (w *wire) Read(p []byte) (int, error) {
	if len(w.rest) == 0 {
		w.mu.Lock()
		for w.pending == 0 && !w.closed {
			w.changed.Wait()
		}
		closed := w.closed
		w.mu.Unlock()
		if closed {
			return 0, net.ErrClosed
		}
		b, m, err := w.answer()
		if err != nil {
			return 0, err
		}
		w.rest = append(w.rest[:0], b...)
		if m.final() {
			w.mu.Lock()
			w.pending--
			w.mu.Unlock()
		}
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

func (w *wire) answer() ([]byte, message, error) {
	b, err := w.stream.message()
	var m message
	if err == nil {
		m, err = parseMessage(b)
	}
	if err != nil {
		w.mu.Lock()
		w.failed = err
		w.mu.Unlock()
	}
	return b, m, err
}

// failure is why go-ldap got no answer, as it was; go-ldap itself keeps only
// the text.
func (w *wire) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failed
}

// Write sends a request of go-ldap, which is always one whole message.
func (w *wire) Write(p []byte) (int, error) {
	m, err := parseMessage(p)
	if err != nil {
		return 0, err
	}
	if m.op != opUnbindRequest && m.op != opAbandonRequest {
		w.mu.Lock()
		w.pending++
		w.changed.Signal()
		w.mu.Unlock()
	}
	return w.Conn.Write(p)
}

// Close ends the connection and wakes go-ldap's reader.
func (w *wire) Close() error {
	w.mu.Lock()
	w.closed = true
	w.changed.Broadcast()
	w.mu.Unlock()
	return w.Conn.Close()
}

// idle reports whether no request of go-ldap is under way and nothing has
// come that nobody asked for.
func (w *wire) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pending == 0 && w.stream.r == w.stream.w
}

// An idleConn limits the silence of the peer: each Read and each Write may
// wait for the timeout. Nothing reads unless an answer is due, so a connection
// that merely waits for its next request lives on.
type idleConn struct {
	net.Conn
	timeout time.Duration
}

func (c *idleConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c *idleConn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

package ldaptest

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// connKind is what the listener makes of a connection.
type connKind struct{ tls, catalog bool }

// conn is one client. Searches run beside each other, as abandon asks for;
// all other operations run one after another in serve.
type conn struct {
	srv    *Server
	number int
	kind   connKind
	raw    net.Conn
	ctx    context.Context // ends with the connection
	cancel context.CancelFunc

	net  net.Conn // raw or TLS over it
	in   *bufio.Reader
	tls  atomic.Bool
	bind identity

	challenge []byte // of an NTLM bind that is half done

	write   sync.Mutex
	out     *bufio.Writer
	written int
	cut     *cut

	mu      sync.Mutex
	running map[int64]context.CancelFunc
	pages   map[string]*pagedSearch
	wg      sync.WaitGroup
}

// cut ends a connection in the middle of what is written.
type cut struct {
	at    int
	fault *Injected
}

// errGone stops an operation whose connection was ended by a fault.
var errGone = errors.New("connection ended")

func newConn(s *Server, raw net.Conn, kind connKind, number int) *conn {
	c := &conn{srv: s, number: number, kind: kind, raw: raw, running: map[int64]context.CancelFunc{}, pages: map[string]*pagedSearch{}}
	c.ctx, c.cancel = context.WithCancel(s.ctx)
	c.use(raw)
	return c
}

func (c *conn) use(n net.Conn) {
	c.net, c.in, c.out = n, bufio.NewReader(n), bufio.NewWriterSize(n, 32<<10)
}

func (c *conn) close() {
	c.cancel()
	_ = c.raw.Close()
}

func (c *conn) serve() {
	defer c.wg.Wait()
	defer c.close()
	r := c.srv.log.add(Request{Op: OpConnect, Connection: c.number, TLS: c.kind.tls})
	for _, f := range c.srv.faults.of(*r) {
		if _, err := c.strike(c.ctx, f.strike()); err != nil {
			return
		}
	}
	if c.kind.tls && c.startTLS() != nil {
		return
	}
	for {
		packet, err := ber.ReadPacket(c.in)
		if err != nil {
			return
		}
		if len(packet.Children) < 2 {
			_ = c.disconnect(ldap.LDAPResultProtocolError)
			return
		}
		id, ok := packet.Children[0].Value.(int64)
		if !ok || !c.handle(id, packet) {
			return
		}
	}
}

// startTLS puts TLS between the connection and what follows.
func (c *conn) startTLS() error {
	secured := tls.Server(c.raw, c.srv.tlsConfig)
	if err := secured.HandshakeContext(c.ctx); err != nil {
		return err
	}
	c.write.Lock()
	defer c.write.Unlock()
	c.use(secured)
	c.tls.Store(true)
	return nil
}

// handle serves one message; false ends the connection.
func (c *conn) handle(id int64, packet *ber.Packet) bool {
	op := packet.Children[1]
	var controls []ldapControl
	if len(packet.Children) > 2 {
		controls = parseControls(packet.Children[2])
	}
	switch op.Tag {
	case ldap.ApplicationSearchRequest:
		ctx, cancel := context.WithCancel(c.ctx)
		c.mu.Lock()
		c.running[id] = cancel
		c.mu.Unlock()
		c.wg.Go(func() {
			c.search(ctx, id, op, controls)
			cancel()
			c.mu.Lock()
			delete(c.running, id)
			c.mu.Unlock()
		})
		return true
	case ldap.ApplicationBindRequest:
		c.finishSearches()
		return c.handleBind(id, op) == nil
	case ldap.ApplicationUnbindRequest:
		c.finishSearches()
		c.srv.log.add(Request{Op: OpUnbind, Connection: c.number, TLS: c.tls.Load(), Done: true})
		return false
	case ldap.ApplicationAbandonRequest:
		c.abandon(op)
		return true
	case ldap.ApplicationExtendedRequest:
		return c.handleExtended(id, op) == nil
	}
	return c.handleWrite(id, op) == nil
}

// finishSearches waits for the searches that are under way: a bind or unbind
// applies to what comes after it.
func (c *conn) finishSearches() { c.wg.Wait() }

func (c *conn) abandon(op *ber.Packet) {
	id, err := ber.ParseInt64(packetBytes(op))
	c.srv.log.add(Request{Op: OpAbandon, Connection: c.number, TLS: c.tls.Load(), Done: true})
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if cancel := c.running[id]; cancel != nil {
		cancel()
	}
}

// send writes a message. It is flushed when the operation ends, or on demand.
func (c *conn) send(message []byte, flush bool) error {
	c.write.Lock()
	defer c.write.Unlock()
	if cut := c.cut; cut != nil && c.written+len(message) > cut.at {
		_, _ = c.out.Write(message[:cut.at-c.written])
		_ = c.out.Flush()
		_, _ = c.strikeLocked(c.ctx, cut.fault.strike())
		return errGone
	}
	c.written += len(message)
	if _, err := c.out.Write(message); err != nil {
		return err
	}
	if flush {
		return c.out.Flush()
	}
	return nil
}

func (c *conn) answer(id int64, op []byte) error {
	return c.send(appendMessage(nil, id, op, nil), true)
}

func (c *conn) flush() {
	c.write.Lock()
	defer c.write.Unlock()
	_ = c.out.Flush()
}

// disconnect sends a notice of disconnection and closes.
func (c *conn) disconnect(code uint16) error {
	body := appendElement(nil, tagExtendedOID, "1.3.6.1.4.1.1466.20036")
	_ = c.answer(0, result{code: code, message: "disconnecting"}.encode(opExtended, body...))
	c.close()
	return errGone
}

// strike carries out those effects that are the same for every operation. A
// result is returned for Refuse; errGone if the connection is no more.
func (c *conn) strike(ctx context.Context, e Effect) (*result, error) {
	c.flush()
	if e.kind == disconnecting {
		return nil, c.disconnect(e.code)
	}
	return c.strikeLocked(ctx, e)
}

func (c *conn) strikeLocked(ctx context.Context, e Effect) (*result, error) {
	switch e.kind {
	case closing:
		c.close()
		return nil, errGone
	case resetting:
		if tcp, ok := c.raw.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		c.close()
		return nil, errGone
	case hanging:
		<-ctx.Done()
		return nil, errGone
	case delaying:
		timer := time.NewTimer(e.delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil, errGone
		}
	case refusing:
		return &result{code: e.code, message: e.text}, nil
	}
	return nil, nil
}

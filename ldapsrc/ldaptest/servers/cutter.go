package servers

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"sync"
	"testing"
	"time"
)

// Ending is what a Cutter does to a connection when its bytes are used up.
type Ending int

const (
	Pass    Ending = iota // nothing: the connection goes on
	Close                 // both sides see an orderly end of the stream
	Reset                 // the client sees "connection reset by peer"
	Silence               // the connection stays open and no byte comes any more
)

// Fault is what a Cutter does to the answers of one connection.
type Fault struct {
	// After is how many bytes of the answers go through before Then. The bytes
	// are those on the wire: over TLS they include the handshake.
	After int64
	Then  Ending
	// Reached is called when these bytes have gone through, before Then. Until
	// it returns no further byte goes. Each connection calls it.
	Reached func()
	// Delay holds back each piece of the answers for so long.
	Delay time.Duration
}

// Cutter is a TCP proxy in front of a server that breaks connections.
type Cutter struct {
	target   string
	listener net.Listener
	ctx      context.Context // ends with the test

	mu    sync.Mutex
	fault Fault
	count int
}

// StartCutter starts a proxy to target, a host:port, that at first lets
// everything through. It ends, with its connections, with the test.
func StartCutter(t testing.TB, target string) *Cutter {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen for the cutter: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &Cutter{target: target, listener: listener, ctx: ctx}
	var running sync.WaitGroup
	running.Go(func() { c.accept(&running) })
	t.Cleanup(func() {
		cancel()
		listener.Close()
		running.Wait()
	})
	return c
}

// Addr is the host:port at which the server is reached through the proxy.
func (c *Cutter) Addr() string { return c.listener.Addr().String() }

// Set makes every connection accepted from now on have the fault. Fault{} heals.
func (c *Cutter) Set(fault Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = fault
}

// Connections is how many connections have been accepted.
func (c *Cutter) Connections() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count
}

func (c *Cutter) accept(running *sync.WaitGroup) {
	for {
		client, err := c.listener.Accept()
		if err != nil {
			return // the test is over
		}
		c.mu.Lock()
		fault := c.fault
		c.count++
		c.mu.Unlock()
		running.Go(func() { c.serve(client, fault) })
	}
}

func (c *Cutter) serve(client net.Conn, fault Fault) {
	defer client.Close()
	var d net.Dialer
	server, err := d.DialContext(c.ctx, "tcp", c.target)
	if err != nil {
		return
	}
	defer server.Close()
	defer context.AfterFunc(c.ctx, func() {
		client.Close()
		server.Close()
	})()

	requests := make(chan struct{})
	go func() {
		defer close(requests)
		_, _ = io.Copy(server, client)
		server.Close() // the client has gone: end the answers as well
	}()
	if fault.Then == Pass && fault.Reached == nil {
		fault.After = everything
	}
	if c.answer(client, server, fault) != nil {
		return
	}
	if fault.Reached != nil {
		fault.Reached()
	}
	c.end(client.(*net.TCPConn), server, fault, requests)
}

// everything is more bytes than a connection ever carries.
const everything = math.MaxInt64

// end does what the fault says when its bytes are used up. serve then closes.
func (c *Cutter) end(client *net.TCPConn, server net.Conn, fault Fault, requests <-chan struct{}) {
	switch fault.Then {
	case Pass:
		_ = c.answer(client, server, Fault{After: everything, Delay: fault.Delay})
	case Close:
		// Closing at once would reset the connection if a request were unread.
		_ = client.CloseWrite()
		select {
		case <-requests:
		case <-c.ctx.Done():
		}
	case Reset:
		_ = client.SetLinger(0) // Close then sends RST
	case Silence:
		<-c.ctx.Done()
	}
}

// errEnded is the end of the stream before the fault's bytes were used up.
var errEnded = errors.New("the connection ended by itself")

// answer copies the server's bytes up to where the fault sets in. Then it
// returns nil.
func (c *Cutter) answer(client io.Writer, server io.Reader, fault Fault) error {
	left := fault.After
	piece := make([]byte, 16<<10)
	for left > 0 {
		n, err := server.Read(piece[:min(int64(len(piece)), left)])
		if fault.Delay > 0 && n > 0 {
			if err := c.wait(fault.Delay); err != nil {
				return err
			}
		}
		if _, err := client.Write(piece[:n]); err != nil {
			return err
		}
		left -= int64(n)
		if err != nil {
			return errEnded
		}
	}
	return nil
}

func (c *Cutter) wait(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}

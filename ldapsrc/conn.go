package ldapsrc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// A link is one bound connection to one server. Its searches run one after
// the other; whoever wants two at a time makes two links.
type link struct {
	cfg    *Config
	env    *Env
	server serverAddr

	raw  net.Conn  // the socket, closed when a context ends
	tls  *tls.Conn // nil on a plain connection
	seal *sealConn
	wire *wire
	ldap *ldap.Conn // for the bind
	as   string     // who we are bound as

	mu      sync.Mutex // one operation at a time
	nextID  int64
	broken  error // why the connection is of no more use
	dse     *rootDSE
	unpaged bool // the server knows no paging
}

// dial connects to one server, encrypts the connection as configured and
// binds. An error says what went wrong, where, and what to do.
func dial(ctx context.Context, cfg *Config, env *Env, target serverAddr) (*link, error) {
	l := &link{cfg: cfg, env: env, server: target, nextID: firstID}
	if err := cfg.permitted(target); err != nil {
		return nil, err
	}
	if err := l.connect(ctx); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { l.raw.Close() })
	defer stop()
	if err := l.bind(); err != nil {
		l.close()
		if ctx.Err() != nil {
			return nil, fmt.Errorf("bind to %s: %w", target, ctx.Err())
		}
		return nil, err
	}
	if _, err := l.rootDSE(ctx); err != nil && l.broken != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// dialFirst dials the servers in turn, to the first that answers. A refused
// bind ends it. What the configuration leaves open is said here, once for each
// domain and run.
func dialFirst(ctx context.Context, cfg *Config, env *Env, servers []serverAddr) (*link, error) {
	var problem error
	for _, server := range servers {
		for _, w := range cfg.exposures(server) {
			env.log().Warn(w, "source", cfg.ID, "server", server.String())
		}
		l, err := dial(ctx, cfg, env, server)
		if err == nil {
			return l, nil
		}
		if problem == nil {
			problem = err
		} else {
			problem = fmt.Errorf("%w; %w", problem, err)
		}
		var unreachable *ConnectError
		if !errors.As(err, &unreachable) {
			break
		}
	}
	return nil, problem
}

// connect opens the connection and encrypts it, within the time for one
// answer.
func (l *link) connect(ctx context.Context) error {
	timed, cancel := context.WithTimeout(ctx, l.cfg.timeout())
	defer cancel()
	raw, err := l.env.dialer().DialContext(timed, "tcp", l.server.dial)
	if err != nil {
		return l.connectError(ctx, err)
	}
	stop := context.AfterFunc(timed, func() { raw.Close() })
	defer stop()
	l.raw = raw
	var conn net.Conn = &idleConn{Conn: raw, timeout: l.cfg.timeout()}
	if l.server.scheme == "ldaps" || l.cfg.TLS.StartTLS {
		if l.tls, err = l.encrypt(timed, conn); err != nil {
			raw.Close()
			return l.connectError(ctx, err)
		}
		conn = l.tls
	}
	l.seal = &sealConn{Conn: conn}
	l.wire = newWire(l.seal)
	l.ldap = ldap.NewConn(l.wire, l.tls != nil)
	l.ldap.Start()
	return nil
}

// lose makes the link unusable and returns the reason, in words where the
// system's are poor.
func (l *link) lose(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = fmt.Errorf("no answer for %s: %w", l.cfg.timeout(), err)
	}
	l.broken = err
	l.raw.Close()
	return err
}

// close takes leave of the server and frees the connection.
func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken == nil {
		l.broken = net.ErrClosed
		// UnbindRequest, RFC 4511 4.3. Whether it arrives does not matter.
		slow := time.AfterFunc(time.Second, func() { l.raw.Close() })
		defer slow.Stop()
		l.wire.Conn.Write([]byte{tagSequence, 5, tagInteger, 1, 127, opUnbindRequest, 0})
	}
	l.ldap.Close()
}

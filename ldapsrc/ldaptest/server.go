package ldaptest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
)

// Options is how a directory is served. The zero value will do.
type Options struct {
	Address    string     // of plain LDAP and StartTLS; "127.0.0.1:0" if empty, a free port
	TLSAddress string     // of LDAPS; the same
	GCAddress  string     // of a Global Catalog without TLS; none if empty
	Host       string     // DNS name of the server; dc1 (of a replica dc2) or ldap and the suffix if empty
	Authority  *Authority // issues the certificate; a new one if nil

	AllowAnonymous bool // searches without a bind
	RequireTLS     bool // for simple binds; without it they are refused with 8 (AD) or 13 (OpenLDAP)

	MaxPageSize int // AD: entries of an answer, 1000 if 0. OpenLDAP: larger pages are refused with 11, none if 0
	MaxValRange int // AD: values of an attribute in an answer, 1500 if 0
	SizeLimit   int // OpenLDAP: entries of a search, its pages taken together; no limit if 0
}

// Server serves a Directory.
type Server struct {
	dir       *Directory
	options   Options
	authority *Authority
	tlsConfig *tls.Config
	faults    faults
	log       requestLog

	plain, secure, catalog net.Listener

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu    sync.Mutex
	conns map[*conn]struct{}
	count int
}

// Start serves a directory until Close.
func Start(dir *Directory, options Options) (*Server, error) {
	if dir.err != nil {
		return nil, fmt.Errorf("serve directory: %w", dir.err)
	}
	if options.GCAddress != "" && dir.forest == nil {
		return nil, fmt.Errorf("serve directory: %s is no Active Directory and has no Global Catalog", dir.suffix)
	}
	s := &Server{dir: dir, options: options.withDefaults(dir), conns: map[*conn]struct{}{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if err := s.prepareTLS(); err != nil {
		return nil, err
	}
	for _, listener := range []struct {
		at      *net.Listener
		address string
		kind    connKind
	}{
		{&s.plain, s.options.Address, connKind{}},
		{&s.secure, s.options.TLSAddress, connKind{tls: true}},
		{&s.catalog, s.options.GCAddress, connKind{catalog: true}},
	} {
		if listener.address == "" {
			continue
		}
		l, err := net.Listen("tcp", listener.address)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("serve directory: %w", err), s.Close())
		}
		*listener.at = l
		s.wg.Go(func() { s.accept(l, listener.kind) })
	}
	return s, nil
}

func (o Options) withDefaults(dir *Directory) Options {
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	if o.TLSAddress == "" {
		o.TLSAddress = "127.0.0.1:0"
	}
	if dir.flavor == ActiveDirectory {
		if o.MaxPageSize == 0 {
			o.MaxPageSize = 1000
		}
		if o.MaxValRange == 0 {
			o.MaxValRange = 1500
		}
	}
	if o.Host == "" {
		o.Host = "ldap." + dnsName(dir.suffix)
		if dir.flavor == ActiveDirectory {
			o.Host = strings.ToLower(dir.server) + "." + dnsName(dir.suffix)
		}
	}
	o.Host = strings.TrimSuffix(o.Host, ".")
	return o
}

func (s *Server) prepareTLS() error {
	s.authority = s.options.Authority
	if s.authority == nil {
		authority, err := NewAuthority()
		if err != nil {
			return err
		}
		s.authority = authority
	}
	names := []string{s.options.Host, "localhost", "127.0.0.1", "::1"}
	for _, address := range []string{s.options.Address, s.options.TLSAddress} {
		if host, _, err := net.SplitHostPort(address); err == nil && host != "" && host != "127.0.0.1" {
			names = append(names, host)
		}
	}
	if domain := dnsName(s.dir.suffix); domain != "" {
		names = append(names, domain)
	}
	cert, err := s.authority.ServerCertificate(names...)
	if err != nil {
		return err
	}
	clients := x509.NewCertPool()
	clients.AddCert(s.authority.cert)
	s.tlsConfig = &tls.Config{
		Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12,
		ClientCAs: clients, ClientAuth: tls.VerifyClientCertIfGiven,
	}
	return nil
}

// URL returns ldap://127.0.0.1:port, which takes StartTLS too.
func (s *Server) URL() string { return "ldap://" + s.plain.Addr().String() }

// LDAPSURL returns ldaps://127.0.0.1:port.
func (s *Server) LDAPSURL() string { return "ldaps://" + s.secure.Addr().String() }

// GCURL returns the URL of the Global Catalog, "" if there is none.
func (s *Server) GCURL() string {
	if s.catalog == nil {
		return ""
	}
	return "ldap://" + s.catalog.Addr().String()
}

// Host returns the server's DNS name, which its certificate has and rootDSE
// shows; it need not resolve.
func (s *Server) Host() string { return s.options.Host }

// CACertPEM returns the certificate that a client is to trust.
func (s *Server) CACertPEM() []byte { return s.authority.CertPEM() }

// Authority returns the issuer of the server's certificate.
func (s *Server) Authority() *Authority { return s.authority }

// Directory returns what is served.
func (s *Server) Directory() *Directory { return s.dir }

// Close ends all connections and returns when nothing of the server runs.
func (s *Server) Close() error {
	s.cancel()
	var errs []error
	for _, l := range []net.Listener{s.plain, s.secure, s.catalog} {
		if l != nil {
			if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
				errs = append(errs, err)
			}
		}
	}
	s.DropConnections()
	s.wg.Wait()
	return errors.Join(errs...)
}

// DropConnections closes every connection at once; new ones are taken.
func (s *Server) DropConnections() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.close()
	}
}

// Connections returns how many connections are open.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

func (s *Server) accept(l net.Listener, kind connKind) {
	for {
		raw, err := l.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.ctx.Err() != nil {
			s.mu.Unlock()
			_ = raw.Close()
			return
		}
		s.count++
		c := newConn(s, raw, kind, s.count)
		s.conns[c] = struct{}{}
		s.wg.Go(func() {
			c.serve()
			s.mu.Lock()
			delete(s.conns, c)
			s.mu.Unlock()
		})
		s.mu.Unlock()
	}
}

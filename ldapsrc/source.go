// Package ldapsrc reads users, groups and computers from Active Directory and
// other LDAP servers into the model of package directory. A Source is one
// configured directory: a domain, a forest, an LDAP server or an LDIF file.
// What it reads is complete, or it says why not.
//
// The package is in two halves. The one connects: it finds servers, encrypts,
// binds and runs one search to its provable end (link). The other reads: what
// to search for, ranges, memberships, scope, canaries. Neither ever writes.
package ldapsrc

import (
	"context"
	"fmt"
	"sync"
	"time"

	"adsync/ldapsrc/directory"
)

// A Source is one directory as configured. Its methods may be called at the
// same time; each opens connections of its own and closes them.
type Source struct {
	cfg  Config
	env  Env
	kind kind

	mu   sync.Mutex
	used map[string]serverAddr // which server a domain was last read from
}

// New checks what can be checked without a server, the files that the
// configuration names included. The error is a *ConfigError that names the key.
func New(cfg Config, env Env) (*Source, error) {
	if cfg.ID == "" {
		return nil, &ConfigError{Key: "sources", Problem: "a source has no id"}
	}
	if cfg.Type != AD && cfg.Type != LDAP {
		return nil, &ConfigError{Key: cfg.key("type"), Problem: fmt.Sprintf("%q is unknown", cfg.Type), Advice: "use ad or ldap"}
	}
	if cfg.Forest && cfg.Type != AD {
		return nil, &ConfigError{Key: cfg.key("forest"), Problem: "only type: ad has forests"}
	}
	if len(cfg.URLs) == 0 && cfg.Domain == "" {
		return nil, &ConfigError{Key: cfg.key("url"), Problem: "no address", Advice: "set url, urls or domain"}
	}
	for _, text := range cfg.URLs {
		if isLDIF(text) {
			if len(cfg.URLs) > 1 {
				return nil, &ConfigError{Key: cfg.key("urls"), Problem: "an LDIF file stands alone", Advice: "set url: " + text}
			}
			continue
		}
		if _, err := parseURL(&cfg, text); err != nil {
			return nil, err
		}
	}
	if err := cfg.checkScope(); err != nil {
		return nil, err
	}
	if err := cfg.checkFiles(); err != nil {
		return nil, err
	}
	return &Source{cfg: cfg, env: env, kind: cfg.kind(), used: map[string]serverAddr{}}, nil
}

// checkFiles reads the files that must be there before a server is asked:
// authorities, client certificate, keytab and krb5.conf. Tickets come and go, and
// an export is the directory itself.
func (c *Config) checkFiles() error {
	if _, err := c.tlsConfig(""); err != nil {
		return err
	}
	if c.Bind.Method != Kerberos {
		return nil
	}
	if c.Bind.Keytab != "" {
		if _, err := c.keytab(); err != nil {
			return err
		}
	}
	if c.Bind.Krb5Conf != "" {
		if _, err := c.loadKrb5Conf(c.Bind.Krb5Conf); err != nil {
			return err
		}
	}
	return nil
}

// Want names the attributes that the mapping needs, as the directory calls
// them. "dn" stands for the entry's DN.
type Want struct {
	UserAttributes     []string
	GroupAttributes    []string
	ComputerAttributes []string
	// Manager is the attribute that User.Manager is made from; none if empty.
	Manager string
	// Required are user attributes without which a reading makes no sense,
	// those that an administrator mapped by name. When at least 20 users were
	// read and none of them has one, the reading is incomplete: it may not be
	// readable for the bind account. Others that nobody has are a warning.
	Required []string
	// Users is shown all users as they come, some in each call, unless a
	// membership decides who is in scope. Calls do not overlap. What is made of them
	// counts only when the reading is complete: its snapshot has the same users,
	// by their Number, and knows more of them. The slices may be kept and must not
	// be changed. Users must be quick, for the reading waits for it.
	Users func([]directory.User)
}

// Read reads everything in scope. The reading is complete only if every part
// of it was read to its end; any doubt makes it incomplete, with the reason.
func (s *Source) Read(ctx context.Context, want Want) directory.Reading {
	snapshot, err := s.read(ctx, want)
	if err != nil {
		return directory.Incomplete(s.cfg.ID, err)
	}
	return directory.Complete(s.cfg.ID, snapshot)
}

// now is the time by which accounts expire: the server's, if that is earlier
// than this machine's, so that a clock that is ahead locks nobody out.
func (s *Source) now(domains []*domain) time.Time {
	now := s.env.now()
	for _, d := range domains {
		if d.dse == nil {
			continue
		}
		if theirs := d.dse.clock(); !theirs.IsZero() && theirs.Before(now) {
			now = theirs
		}
	}
	return now
}

func (s *Source) read(ctx context.Context, want Want) (*directory.Snapshot, error) {
	domains, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	defer closeAll(domains)
	if d := domains[0]; s.cfg.Type != AD && d.dse.activeDirectory() {
		return nil, &ReadError{Where: s.cfg.key("type"), Problem: fmt.Sprintf("%s is a domain controller of Active Directory, of which this type sees neither all users nor who is disabled", d.server),
			Advice: "set type: ad"}
	}
	if err := s.checkBases(domains); err != nil {
		return nil, err
	}
	r := s.reading(domains, want)
	if err := r.entries(ctx); err != nil {
		return nil, err
	}
	return r.join(ctx)
}

// reading begins a reading of some domains of the source.
func (s *Source) reading(domains []*domain, want Want) *reading {
	return &reading{src: s, want: want, domains: domains, now: s.now(domains), skipped: map[string]int{}, left: map[string][]directory.Skipped{}, told: map[string]int{}, members: newMemberTable()}
}

// join makes a snapshot of the entries that were read.
func (r *reading) join(ctx context.Context) (*directory.Snapshot, error) {
	if err := r.indexUsers(); err != nil {
		return nil, err
	}
	if err := r.membership(ctx); err != nil {
		return nil, err
	}
	if err := r.managers(ctx); err != nil {
		return nil, err
	}
	if err := r.expectations(ctx); err != nil {
		return nil, err
	}
	return r.snapshot(), nil
}

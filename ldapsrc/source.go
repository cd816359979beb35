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
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

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

// New checks what can be checked without a server. The error is a
// *ConfigError that names the key.
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
			continue
		}
		if _, err := parseURL(&cfg, text); err != nil {
			return nil, err
		}
	}
	if err := cfg.checkScope(); err != nil {
		return nil, err
	}
	return &Source{cfg: cfg, env: env, kind: cfg.kind(), used: map[string]serverAddr{}}, nil
}

// ID is the source's id as configured.
func (s *Source) ID() string { return s.cfg.ID }

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
}

// A ReadError is why a source could not be read completely.
type ReadError struct {
	Where   string // a configuration key, or which part of the directory
	Problem string
	Advice  string
	Err     error // the cause, if there is one
}

// Error says where and why.
func (e *ReadError) Error() string {
	text := e.Problem
	if e.Where != "" {
		text = e.Where + ": " + text
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Hint says what to do about it, or is empty.
func (e *ReadError) Hint() string { return e.Advice }

// Unwrap returns the cause.
func (e *ReadError) Unwrap() error { return e.Err }

// Read reads everything in scope. The reading is complete only if every part
// of it was read to its end; any doubt makes it incomplete, with the reason.
func (s *Source) Read(ctx context.Context, want Want) directory.Reading {
	snapshot, err := s.read(ctx, want)
	if err != nil {
		return directory.Incomplete(s.cfg.ID, err)
	}
	return directory.Complete(s.cfg.ID, snapshot)
}

func (s *Source) read(ctx context.Context, want Want) (*directory.Snapshot, error) {
	domains, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	defer closeAll(domains)
	if err := s.checkBases(domains); err != nil {
		return nil, err
	}
	r := &reading{src: s, want: want, domains: domains, now: s.env.now(), skipped: map[string]int{}, left: map[string][]directory.Skipped{}, told: map[string]int{}, members: newMemberTable()}
	if err := r.entries(ctx); err != nil {
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

// A reading is one Read under way.
type reading struct {
	src     *Source
	want    Want
	domains []*domain
	now     time.Time

	mu        sync.Mutex     // of what the domains add to while they are read
	told      map[string]int // what progress was told
	users     userList
	computers []directory.Computer
	rows      []*groupRow
	skipped   map[string]int
	left      map[string][]directory.Skipped
	referrals int
	warnings  []string
	members   *memberTable

	inScope   []bool // of users, once memberships are known; nil for all
	byDN      map[string]int32
	byFold    map[string]int32
	groupList []directory.Group
}

// groupsNeeded reports whether memberships have to be read at all.
func (r *reading) groupsNeeded() bool {
	return r.src.cfg.Groups.Sync || len(r.src.cfg.Users.MemberOf) > 0
}

// entries reads all domains at once, and in each the users, the groups and the
// computers at once, on connections of their own.
func (r *reading) entries(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, d := range r.domains {
		g.Go(func() error {
			if err := d.connect(ctx); err != nil {
				return d.failure(err)
			}
			return d.failure(r.domain(ctx, d))
		})
	}
	return g.Wait()
}

func (r *reading) domain(ctx context.Context, d *domain) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(r.src.cfg.connections())
	part := func(read func(context.Context, *domain, searcher) error) {
		g.Go(func() error {
			s, err := d.session(ctx)
			if err != nil {
				return err
			}
			defer d.release(s)
			return read(ctx, d, s)
		})
	}
	part(r.readUsers)
	if r.src.cfg.Groups.Sync {
		part(r.readGroups)
	}
	if r.src.cfg.Computers.Sync {
		part(r.readComputers)
	}
	return g.Wait()
}

// connections is how many to have with the server of a domain at a time: one
// each for users, groups and computers.
func (c *Config) connections() int {
	if c.Connections > 0 {
		return c.Connections
	}
	return 3
}

// progress tells how many entries of a kind there are, over all domains.
func (r *reading) progress(what string, more int) {
	r.mu.Lock()
	r.told[what] += more
	total := r.told[what]
	r.mu.Unlock()
	r.src.env.progress(what, total)
}

// count adds up what was left out, and referrals that were not followed.
func (r *reading) count(skipped map[string]int, st stats) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for reason, n := range skipped {
		r.skipped[reason] += n
	}
	r.referrals += st.referrals
}

// leaveOut remembers an entry that was left out for what it is. Those that a
// setting leaves out may be many, and are as somebody wanted it.
func (r *reading) leaveOut(reason string, e directory.Skipped) {
	switch reason {
	case skipConflict, skipBuiltIn, skipBuiltInGroup, skipMachine:
		r.mu.Lock()
		defer r.mu.Unlock()
		r.left[reason] = append(r.left[reason], e)
	}
}

func (r *reading) warn(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.warnings = append(r.warnings, fmt.Sprintf(format, args...))
}

// snapshot is what was read, without the users that member_of leaves out.
func (r *reading) snapshot() *directory.Snapshot {
	s := &directory.Snapshot{Users: r.users.users, Groups: r.groupList, Computers: r.computers, Referrals: r.referrals}
	if r.inScope != nil {
		kept := s.Users[:0]
		for i := range s.Users {
			if r.inScope[i] {
				kept = append(kept, s.Users[i])
			}
		}
		if n := len(s.Users) - len(kept); n > 0 {
			r.skipped[skipMemberOf] += n
		}
		clear(s.Users[len(kept):])
		s.Users = kept
	}
	for reason, n := range r.skipped {
		left := r.left[reason]
		slices.SortFunc(left, func(a, b directory.Skipped) int { return strings.Compare(a.DN, b.DN) })
		s.Skipped = append(s.Skipped, directory.Skip{Reason: reason, Count: n, Entries: left})
	}
	slices.Sort(r.warnings)
	s.Warnings = slices.Compact(r.warnings)
	return s
}

// isBase adds the setting to the error of a search under a base, and says in
// words when the base is not there.
func baseError(cfg *Config, setting, base string, err error) error {
	where := cfg.key(setting)
	switch code, ok := resultCode(err); {
	case ok && code == resultNoSuchObject:
		return &ReadError{Where: where, Problem: fmt.Sprintf("%q is not there, or the bind account may not see it", base), Err: err,
			Advice: "correct the DN; it changes when an OU is renamed or moved"}
	case ok && code == resultReferral:
		return &ReadError{Where: where, Problem: fmt.Sprintf("%q belongs to another server", base), Err: err,
			Advice: "read it from a server of its own domain: set forest: true, or make it a source of its own"}
	}
	return err
}

// errAnchor is the cause when an entry cannot be told apart from others.
var errAnchor = errors.New("an entry without a usable anchor")

package ldapsrc

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"
	"golang.org/x/sync/errgroup"

	"adsync/ldapsrc/directory"
)

// A reading is one Read under way.
type reading struct {
	src     *Source
	want    Want
	domains []*domain
	now     time.Time

	mu        sync.Mutex     // of what the domains add to while they are read
	told      map[string]int // what progress was told
	shown     int32          // users whom want.Users was shown
	users     userList
	computers []directory.Computer
	rows      []*groupRow
	skipped   map[string]int
	left      map[string][]directory.Skipped
	referrals []string
	warnings  []string
	members   *memberTable

	inScope   []bool             // of users, once memberships are known; nil for all
	byDN      map[string]int32   // users, as are the next two
	byFold    map[string]int32   // made when a DN comes in another spelling
	byGUID    map[[16]byte]int32 // by anchor
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
	d.learnSchema(ctx)
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

// show shows users who came, before memberships and managers are known.
func (r *reading) show(users []directory.User) {
	if r.want.Users == nil || len(r.src.cfg.Users.MemberOf) > 0 || len(users) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range users {
		users[i].Number = r.shown
		r.shown++
	}
	r.want.Users(users)
}

// searchBases searches below each of the configured bases that are in a domain,
// and notes the referrals that are not followed. The kind is the one of the
// entries, and of the scope's key.
func (r *reading) searchBases(ctx context.Context, d *domain, s searcher, kind string, bases []string, req request, each func(*entry) error) error {
	req.scope, req.ask = ldap.ScopeWholeSubtree, d.asked(req.names.List())
	for _, base := range basesBelow(bases, d, r.domains) {
		req.base = base
		st, err := searchWhole(ctx, s, req, each)
		if err != nil {
			return fmt.Errorf("read %s: %w", kind, baseError(&r.src.cfg, kind+".base", base, err))
		}
		r.mu.Lock()
		r.referrals = append(r.referrals, st.referrals...)
		r.mu.Unlock()
	}
	return nil
}

// count adds up what was left out.
func (r *reading) count(skipped map[string]int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for reason, n := range skipped {
		r.skipped[reason] += n
	}
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
	s := &directory.Snapshot{Users: r.users.users, Groups: r.groupList, Computers: r.computers, Referrals: r.elsewhere()}
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
	if len(s.Referrals) > 0 {
		r.warn("%s", notFollowed(s.Referrals, r.src.cfg.Type))
	}
	slices.Sort(r.warnings)
	s.Warnings = slices.Compact(r.warnings)
	return s
}

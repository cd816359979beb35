package commands

import (
	"context"
	"fmt"
	"time"

	"adsync/ldapsrc"
)

// counted is a directory with what is known of how many users are where.
type counted struct {
	*ldapsrc.Source
	users   ldapsrc.Tallies
	groups  ldapsrc.GroupSizes
	tooLong bool // to count all of it while somebody waits
}

// countWithin is how long the numbers that help to choose may take. What was
// chosen is counted to its end.
const countWithin = 30 * time.Second

// usersBelow says how many users are below a place, "" where it is not known.
func (c *counted) usersBelow(dn string) string {
	if n, known := c.users.Below(dn); known {
		return count(n, "user")
	}
	return ""
}

// wholeScope is everybody whom the configuration does not leave out by name.
func (w *wizard) wholeScope(a *sourceAnswers) ldapsrc.UserScope {
	scope := ldapsrc.UserScope{Filter: a.UserFilter}
	if old := w.before.Source(a.ID); old != nil {
		scope.Include, scope.Exclude, scope.BuiltIn = old.Users.Include, old.Users.Exclude, old.Users.BuiltIn
	}
	return scope
}

// count says how many users the scope of the answers has.
func (w *wizard) count(ctx context.Context, s *counted, a *sourceAnswers) (int, error) {
	scope := w.wholeScope(a)
	scope.Base, scope.MemberOf = a.UserBase, a.MemberOf
	end := w.progress.begin()
	n, err := s.Count(ctx, scope)
	end()
	if err != nil {
		return 0, err
	}
	switch n {
	case 0:
		w.say("Nobody is in that scope.")
	case 1:
		w.say("1 user is in scope.")
	default:
		w.say("%s users are in scope.", thousands(n))
	}
	return n, nil
}

// tally counts the users of each domain and shows how many they are. What is
// not read to its end, or takes too long, has no numbers.
func (w *wizard) tally(ctx context.Context, s *counted, a *sourceAnswers) error {
	inTime, cancel := context.WithTimeout(ctx, w.options.CountWithin)
	defer cancel()
	w.say("Counting the users...")
	end := w.progress.begin()
	all, err := s.Tally(inTime, w.wholeScope(a))
	end()
	s.users, s.tooLong = all, inTime.Err() != nil
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case s.tooLong && len(all) == 0:
		w.say("  %s", w.overdue())
		return nil
	case err != nil:
		return w.sourceFailure(err)
	}
	for _, t := range all {
		switch {
		case t.Err == nil:
			w.say("  %s: %s", t.Domain.Name, count(t.Users, "user"))
		case s.tooLong:
			w.say("  %s: %s", t.Domain.Name, w.overdue())
		default:
			problem, _ := inWords(t.Err)
			w.say("  %s: cannot be counted: %s", t.Domain.Name, problem)
		}
	}
	return nil
}

func (w *wizard) overdue() string {
	return fmt.Sprintf("not counted, that takes longer than %s; what you choose will be", w.options.CountWithin)
}

// groupSizes counts the users of all groups, once. Where that takes too long,
// or not all can be read, the groups have no numbers.
func (w *wizard) groupSizes(ctx context.Context, s *counted, a *sourceAnswers) error {
	if s.groups != nil || s.tooLong {
		return nil
	}
	inTime, cancel := context.WithTimeout(ctx, w.options.CountWithin)
	defer cancel()
	w.say("Counting the members of the groups...")
	end := w.progress.begin()
	sizes, err := s.GroupSizes(inTime, w.wholeScope(a))
	end()
	s.groups = sizes
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil:
		return nil
	case inTime.Err() != nil:
		s.tooLong = true
		w.say("  %s", w.overdue())
	default:
		problem, _ := inWords(err)
		w.say("  cannot be counted: %s", problem)
	}
	s.groups = ldapsrc.GroupSizes{} // not to be tried again
	return nil
}

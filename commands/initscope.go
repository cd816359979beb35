package commands

import (
	"context"
	"errors"
	"strings"

	"adsync/commands/ask"
	"adsync/ldapsrc"
)

// scope asks which users and groups are sent, and counts them.
func (w *wizard) scope(ctx context.Context, a *sourceAnswers) error {
	password, err := a.Password.value(ctx, w.resolver())
	if err != nil {
		return err
	}
	s, err := w.open(a, password)
	if err != nil {
		return w.sourceFailure(err)
	}
	now := scopeNow(a.UserBase, a.MemberOf)
	if w.ask.holds("user-base", "member-of") || !w.person() {
		w.takeScope(a)
		n, err := w.count(ctx, s, a, a.userScope())
		if err != nil {
			return w.sourceFailure(err)
		}
		if n > 0 || !w.person() {
			return w.groups(ctx, s, a)
		}
		now = ""
	}
	if err := w.totals(ctx, s, a); err != nil {
		return err
	}
	if err := w.chooseScope(ctx, s, a, now); err != nil {
		return err
	}
	return w.groups(ctx, s, a)
}

// unread is what a directory did not show while somebody looked around in it;
// they may look elsewhere.
type unread struct{ error }

func (u unread) Unwrap() error { return u.error }

// chooseScope asks who is to be sent until there is somebody; now says who
// that is so far.
func (w *wizard) chooseScope(ctx context.Context, s *ldapsrc.Source, a *sourceAnswers, now string) error {
	for ; ; now = "" {
		err := w.askScope(ctx, s, a, now)
		if err != nil && !errors.As(err, new(unread)) {
			return err
		}
		n := 0
		if err == nil {
			n, err = w.count(ctx, s, a, a.userScope())
		}
		switch {
		case err == nil && n > 0:
			return nil
		case err != nil && ctx.Err() != nil:
			return err
		case err != nil:
			w.explain(err)
		}
		i, err := w.ask.Choose(ctx, ask.Question{Key: "empty", Label: "What now?", Default: "scope"}, []ask.Option{
			{Value: "scope", Label: "Choose again"}, {Value: "keep", Label: "Keep it all the same"}})
		if err != nil || i == 1 {
			return err
		}
	}
}

// takeScope takes the scope that flags give; what they leave out stays.
func (w *wizard) takeScope(a *sourceAnswers) {
	if list := w.ask.list("user-base"); len(list) > 0 {
		a.UserBase = list
	}
	if list := w.ask.list("member-of"); len(list) > 0 {
		a.MemberOf = list
	}
}

func (a *sourceAnswers) userScope() ldapsrc.UserScope {
	return ldapsrc.UserScope{Base: a.UserBase, Filter: a.UserFilter, MemberOf: a.MemberOf}
}

// count says how many users a scope has.
func (w *wizard) count(ctx context.Context, s *ldapsrc.Source, a *sourceAnswers, scope ldapsrc.UserScope) (int, error) {
	if old := w.before.Source(a.ID); old != nil {
		scope.Include, scope.Exclude, scope.BuiltIn = old.Users.Include, old.Users.Exclude, old.Users.BuiltIn
	}
	n, err := s.Count(ctx, scope)
	switch {
	case err != nil:
	case n == 0:
		w.say("Nobody is in that scope.")
	default:
		w.say("%s in scope.", usersIn(n))
	}
	return n, err
}

func usersIn(n int) string {
	if n == 1 {
		return "1 user is"
	}
	return thousands(n) + " users are"
}

// totals shows how many users each domain has.
func (w *wizard) totals(ctx context.Context, s *ldapsrc.Source, a *sourceAnswers) error {
	if a.ldif() {
		return nil
	}
	domains, err := s.Browse(ctx, "")
	if err != nil {
		return w.sourceFailure(err)
	}
	for _, d := range domains {
		n, err := s.Count(ctx, ldapsrc.UserScope{Base: []string{d.DN}, Filter: a.UserFilter})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			problem, _ := inWords(err)
			w.say("  %s: cannot be counted: %s", d.Name, problem)
			continue
		}
		w.say("  %s: %s users", d.Name, thousands(n))
	}
	return nil
}

// askScope asks who is to be sent; now says who that is so far.
func (w *wizard) askScope(ctx context.Context, s *ldapsrc.Source, a *sourceAnswers, now string) error {
	options := []ask.Option{
		{Value: "all", Label: "All users"},
		{Value: "ous", Label: "Those in some OUs", Help: "pick them from the tree"},
		{Value: "groups", Label: "Members of some groups", Help: "nested ones too"},
	}
	if now != "" {
		options = append([]ask.Option{{Value: "keep", Label: "Those as now", Help: now}}, options...)
	}
	i, err := w.ask.Choose(ctx, ask.Question{Key: "scope", Label: "Which users shall be sent?", Default: options[0].Value}, options)
	if err != nil {
		return err
	}
	switch options[i].Value {
	case "keep":
	case "ous":
		a.MemberOf = nil
		a.UserBase, err = w.places(ctx, s, "user-base", a.UserBase)
	case "groups":
		a.UserBase = nil
		a.MemberOf, err = w.memberOf(ctx, s, a.MemberOf)
		if err == nil && len(a.MemberOf) == 0 {
			return unread{errors.New("the directory shows no groups to this account")}
		}
	default:
		a.UserBase, a.MemberOf = nil, nil
	}
	return err
}

// scopeNow says which users are in scope, "" for all.
func scopeNow(bases, groups []string) string {
	var names []string
	for _, dn := range groups {
		names = append(names, firstName(dn))
	}
	text := ""
	if len(names) > 0 {
		text = "members of " + strings.Join(names, ", ")
	}
	names = nil
	for _, dn := range bases {
		names = append(names, firstName(dn))
	}
	if len(names) > 0 {
		text = strings.TrimSpace(text + " in " + strings.Join(names, ", "))
	}
	return text
}

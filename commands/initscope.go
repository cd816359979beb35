package commands

import (
	"context"
	"errors"
	"strings"

	"adsync/commands/ask"
)

// scope asks which users and groups are sent, and counts them.
func (w *wizard) scope(ctx context.Context, a *sourceAnswers) error {
	password, err := a.Password.value(ctx, w.resolver())
	if err != nil {
		return err
	}
	opened, err := w.open(a, password)
	if err != nil {
		return w.sourceFailure(err)
	}
	s := &counted{Source: opened}
	now := scopeNow(a.UserBase, a.MemberOf)
	if w.ask.holds("user-base", "member-of") || !w.person() {
		w.takeScope(a)
		n, err := w.count(ctx, s, a)
		if err != nil {
			return w.sourceFailure(err)
		}
		if n > 0 || !w.person() {
			return w.groups(ctx, s, a)
		}
		now = ""
	}
	if err := w.tally(ctx, s, a); err != nil {
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
func (w *wizard) chooseScope(ctx context.Context, s *counted, a *sourceAnswers, now string) error {
	for ; ; now = "" {
		err := w.askScope(ctx, s, a, now)
		if err != nil && !errors.As(err, new(unread)) {
			return err
		}
		n := 0
		if err == nil {
			n, err = w.count(ctx, s, a)
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

// askScope asks who is to be sent; now says who that is so far.
func (w *wizard) askScope(ctx context.Context, s *counted, a *sourceAnswers, now string) error {
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
		a.UserBase, err = w.places(ctx, s, "user-base", a.UserBase, s.usersBelow)
	case "groups":
		a.UserBase = nil
		a.MemberOf, err = w.memberOf(ctx, s, a)
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

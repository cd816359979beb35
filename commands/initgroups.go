package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"adsync/commands/ask"
	"adsync/ldapsrc"
)

// manyGroups is how many groups are listed at once to search in; of more the
// first letters are asked for.
const manyGroups = 2000

// memberOf lets a person search groups as they type. Of very many the first
// letters are asked for, as often as there are groups to look for.
func (w *wizard) memberOf(ctx context.Context, s *counted, a *sourceAnswers) ([]string, error) {
	prefix, before, chosen := "", a.MemberOf, a.MemberOf
	for {
		found, err := s.SearchGroups(ctx, prefix, manyGroups)
		if err != nil {
			return before, unread{err}
		}
		if len(found) == 0 && prefix == "" {
			return nil, nil
		}
		if len(found) >= manyGroups || len(found) == 0 {
			if prefix, err = w.groupPrefix(ctx, prefix, len(found)); err != nil {
				return before, err
			}
			continue
		}
		if err := w.groupSizes(ctx, s, a); err != nil {
			return before, err
		}
		options := groupOptions(found, chosen, s.groups)
		marked, err := w.ask.ChooseMany(ctx, ask.Question{Key: "member-of", Label: "Members of which groups?"}, options)
		if err != nil {
			return before, err
		}
		if len(marked) == 0 {
			w.say("No group was marked; the space bar marks one.")
			continue
		}
		chosen = nil
		for _, i := range marked {
			chosen = append(chosen, options[i].Value)
		}
		if prefix == "" {
			return chosen, nil
		}
		more, err := w.ask.Confirm(ctx, ask.Question{Key: "more-groups", Label: "Look for more groups?", Default: "no"})
		if err != nil || !more {
			return chosen, err
		}
		if prefix, err = w.groupPrefix(ctx, "", manyGroups); err != nil {
			return before, err
		}
	}
}

// groupPrefix asks how the names of groups begin, when none or too many do so
// as was said.
func (w *wizard) groupPrefix(ctx context.Context, prefix string, found int) (string, error) {
	label := "There are too many groups to list. The name begins with"
	if found == 0 {
		label = fmt.Sprintf("No group's name begins with %q. It begins with", prefix)
	}
	return w.ask.Text(ctx, ask.Question{Key: "group-prefix", Label: label, Validate: notEmpty})
}

// groupOptions are the groups that were found, and those that are chosen
// already, with how many users they have where that is known.
func groupOptions(found []ldapsrc.Node, chosen []string, sizes ldapsrc.GroupSizes) []ask.Option {
	help := func(dn string) string {
		if n, known := sizes.Of(dn); known {
			return count(n, "user") + ", in " + parentDN(dn)
		}
		return parentDN(dn)
	}
	var options []ask.Option
	for _, dn := range chosen {
		if !slices.ContainsFunc(found, func(n ldapsrc.Node) bool { return strings.EqualFold(n.DN, dn) }) {
			options = append(options, ask.Option{Value: dn, Label: firstName(dn), Help: help(dn), Marked: true})
		}
	}
	for _, n := range found {
		options = append(options, ask.Option{Value: n.DN, Label: n.Name, Help: help(n.DN), Marked: indexDN(chosen, n.DN) >= 0})
	}
	return options
}

// groups asks whether groups are sent, and which.
func (w *wizard) groups(ctx context.Context, s *counted, a *sourceAnswers) error {
	standard := "no"
	if a.Groups || w.options.has("group-base") && len(w.ask.given["groups"]) == 0 && len(w.ask.given["group-base"]) > 0 {
		standard = "yes"
	}
	var err error
	a.Groups, err = w.ask.Confirm(ctx, ask.Question{Key: "groups", Label: "Send groups and their members too?", Default: standard})
	if err != nil {
		return err
	}
	given := w.ask.list("group-base")
	switch {
	case !a.Groups:
		return nil // where they would be stays in the file
	case len(given) > 0:
		a.GroupBase = given
		return nil
	case !w.person():
		return nil
	}
	return w.chooseGroups(ctx, s, a)
}

// chooseGroups asks where the groups are.
func (w *wizard) chooseGroups(ctx context.Context, s *counted, a *sourceAnswers) error {
	options := []ask.Option{{Value: "all", Label: "All groups"}, {Value: "ous", Label: "Those in some OUs", Help: "pick them from the tree"}}
	if now := scopeNow(a.GroupBase, nil); now != "" {
		options = append([]ask.Option{{Value: "keep", Label: "Those as now", Help: now}}, options...)
	}
	for {
		i, err := w.ask.Choose(ctx, ask.Question{Key: "group-scope", Label: "Which groups?", Default: options[0].Value}, options)
		if err != nil {
			return err
		}
		switch options[i].Value {
		case "keep":
			return nil
		case "all":
			a.GroupBase = nil
			return nil
		}
		a.GroupBase, err = w.places(ctx, s, "group-base", a.GroupBase, nil)
		if err == nil || !errors.As(err, new(unread)) || ctx.Err() != nil {
			return err
		}
		w.explain(err)
	}
}

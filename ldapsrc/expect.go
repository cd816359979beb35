package ldapsrc

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// sampleEnough is from how many users on an attribute that none of them has is
// suspicious.
const sampleEnough = 20

// expectations are what must hold for a reading to be believed, beyond every
// search having ended well.
func (r *reading) expectations(ctx context.Context) error {
	if err := r.checkAnchors(); err != nil {
		return err
	}
	for _, d := range r.domains {
		if slices.Contains(catalogPorts, ":"+d.server.port) {
			r.warn("%s is a Global Catalog: it lacks many attributes, accountExpires among them, so expired accounts look active", d.server)
		}
	}
	n := r.usersInScope()
	cfg := &r.src.cfg
	if n == 0 && !cfg.AllowEmpty {
		return r.nobody(ctx)
	}
	if least := cfg.Expect.UsersAtLeast; n < least {
		return &ReadError{Where: cfg.key("expect.users_at_least"), Problem: fmt.Sprintf("only %d users were found, at least %d are expected", n, least),
			Advice: "check the scope and the rights of the bind account, or lower the expectation"}
	}
	for _, name := range cfg.Expect.MustInclude {
		found := slices.ContainsFunc(r.users.names[strings.ToLower(name)], func(i int32) bool { return r.inScope == nil || r.inScope[i] })
		if !found {
			return &ReadError{Where: cfg.key("expect.must_include"), Problem: fmt.Sprintf("%q was not found among %d users", name, n),
				Advice: "check the scope and the rights of the bind account, or name somebody else"}
		}
	}
	return r.checkAttributes(ctx)
}

func (r *reading) usersInScope() int {
	if r.inScope == nil {
		return len(r.users.users)
	}
	n := 0
	for _, in := range r.inScope {
		if in {
			n++
		}
	}
	return n
}

// checkAnchors refuses anchors from several attributes: they would mix people
// up.
func (r *reading) checkAnchors() error {
	if len(r.users.anchors) > 1 {
		var used []string
		for attribute, n := range r.users.anchors {
			used = append(used, fmt.Sprintf("%d users by %s", n, attribute))
		}
		slices.Sort(used)
		return &ReadError{Where: r.src.cfg.key("attributes.anchor"), Problem: "not all users have the same kind of anchor: " + strings.Join(used, ", "),
			Advice: "name the attribute that every user has"}
	}
	return nil
}

// nobody explains an empty result: a filter with a misspelt attribute finds
// nobody, without an error.
func (r *reading) nobody(ctx context.Context) error {
	cfg := &r.src.cfg
	e := &ReadError{Where: cfg.key("users"), Problem: "no user was found in scope",
		Advice: "check base, filter and member_of and the rights of the bind account, or set allow_empty: true"}
	if n := len(r.users.users); n > 0 {
		e.Problem = fmt.Sprintf("none of the %d users found is a member of a group of member_of", n)
	}
	for _, word := range r.unknownNames(ctx, filterAttributes(cfg.Users.Filter)) {
		e.Advice = word
	}
	return e
}

// groupsEnough is from how many groups on it is suspicious that none of them
// has a member.
const groupsEnough = 5

// checkMembers looks for memberships that the bind account may not read: a
// group whose members are hidden looks empty.
func (r *reading) checkMembers() error {
	cfg := &r.src.cfg
	if !r.groupsNeeded() || cfg.AllowEmpty {
		return nil
	}
	if len(r.rows) >= groupsEnough && len(r.members.list) == 0 {
		return &ReadError{Where: cfg.key("bind"), Problem: fmt.Sprintf("none of %d groups has a member", len(r.rows)),
			Advice: "let the bind account read " + strings.Join(r.src.kind.members, ", ") + ", or set allow_empty: true"}
	}
	if cfg.Type != AD {
		return nil
	}
	users, hidden := len(r.users.users), 0
	for _, sid := range r.users.primary {
		if sid == "" {
			hidden++
		}
	}
	// A few users who all hide it may be a small export; every AD user has it.
	if hidden > 0 && (hidden < users || users >= sampleEnough) {
		return &ReadError{Where: cfg.key("bind"), Problem: fmt.Sprintf("%d of %d users do not show their primary group", hidden, users),
			Advice: "let the bind account read primaryGroupID and objectSid"}
	}
	return nil
}

// checkAttributes looks for attributes that not one user has: misspelt, or not
// readable for the bind account, or in fact not used.
func (r *reading) checkAttributes(ctx context.Context) error {
	users := len(r.users.users)
	cfg := &r.src.cfg
	if n := r.users.unknown; n > 0 {
		return &ReadError{Where: cfg.key("bind"), Problem: fmt.Sprintf("%d of %d users do not show whether they are disabled (userAccountControl), %q for one", n, users, r.users.hidden[0]),
			Advice: "every AD user has it: let the bind account read userAccountControl, or leave these users out"}
	}
	if err := r.checkMembers(); err != nil {
		return err
	}
	var absent []string
	sel := newSelection(r.want.UserAttributes)
	for i, name := range sel.wanted.List() {
		if users > 0 && i < len(r.users.present) && r.users.present[i] == 0 {
			absent = append(absent, name)
		}
	}
	unknown := r.unknownNames(ctx, append(absent, filterAttributes(cfg.Users.Filter, cfg.Groups.Filter, cfg.Computers.Filter)...))
	for _, sentence := range unknown {
		r.warn("%s", sentence)
	}
	if err := r.checkFilters(unknown); err != nil {
		return err
	}
	if users < sampleEnough {
		return nil
	}
	for _, name := range absent {
		if slices.ContainsFunc(r.want.Required, func(other string) bool { return strings.EqualFold(other, name) }) && !cfg.AllowEmpty {
			return &ReadError{Where: cfg.key("bind"), Problem: fmt.Sprintf("none of %d users has a value of %s, which is mapped", users, name),
				Advice: "let the bind account read " + name + ", or take it out of the mapping"}
		}
		if _, ok := unknown[strings.ToLower(name)]; !ok {
			r.src.env.log().Info("no user has a value: nobody uses it, or the bind account may not read it", "source", cfg.ID, "attribute", name)
		}
	}
	return nil
}

// checkFilters refuses that no group, or no computer, was found by a filter
// with a name that the directory does not know: it finds nothing, without an
// error.
func (r *reading) checkFilters(unknown map[string]string) error {
	cfg := &r.src.cfg
	for _, scope := range []struct {
		key, filter string
		empty       bool
	}{
		{"groups.filter", cfg.Groups.Filter, cfg.Groups.Sync && len(r.groupList) == 0},
		{"computers.filter", cfg.Computers.Filter, cfg.Computers.Sync && len(r.computers) == 0},
	} {
		for _, name := range filterAttributes(scope.filter) {
			if sentence, ok := unknown[strings.ToLower(name)]; ok && scope.empty && !cfg.AllowEmpty {
				return &ReadError{Where: cfg.key(scope.key), Problem: fmt.Sprintf("%q finds nothing", scope.filter), Advice: sentence}
			}
		}
	}
	return nil
}

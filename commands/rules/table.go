package rules

import (
	"slices"
	"strings"
)

// A Rule is one check: what it is called, when it fires and how bad that is.
type Rule struct {
	ID    string
	On    string // which attributes and kinds it looks at
	Fires string // when
	Fix   string // what is suggested, in words; "" when nothing can be
	Word  string // what IdFix calls such an error; "" where it had none
	// grades say how bad it is; the last that fits counts, none is off.
	grades []grade
	// safe is true for rules whose suggestion may be applied unread.
	safe bool
}

// A grade is a severity for some targets and some uses of the value.
type grade struct {
	severity Severity
	sets     set  // zero: every target
	roles    role // zero: every use
}

// A set is a family of targets with rules of its own.
type set uint8

const (
	entra  set = 1 << iota // Entra ID and Microsoft 365
	google                 // Google Workspace and Cloud Identity
	aws                    // AWS IAM Identity Center
	github                 // GitHub Enterprise Managed Users
	needsEmail
	needsName
)

// A role is what a value is used for.
type role uint16

const (
	asLogin role = 1 << iota
	asEmail
	asUPN   // userPrincipalName, whether or not it is the login
	asProxy // proxyAddresses, targetAddress
	asAlias // mailNickname
	asSAM   // sAMAccountName
	asDisplay
	asGiven
	asFamily
	asGroupName
	asText
	asLines // text that may have several lines
	asID    // the stable id
)

const (
	asAddress = asLogin | asEmail | asUPN | asProxy
	asKey     = asAddress | asAlias | asSAM
)

func blocks(grades ...grade) []grade { return append([]grade{{severity: Block}}, grades...) }
func warns(grades ...grade) []grade  { return append([]grade{{severity: Warn}}, grades...) }
func infos(grades ...grade) []grade  { return append([]grade{{severity: Info}}, grades...) }
func in(s set, severity Severity) grade {
	return grade{severity: severity, sets: s}
}
func of(r role, severity Severity) grade {
	return grade{severity: severity, roles: r}
}
func inOf(s set, r role, severity Severity) grade {
	return grade{severity: severity, sets: s, roles: r}
}

// table lists the rules in the order in which findings are shown.
// docs/check.md prints it, and a test compares the two.
var table = []Rule{
	{ID: "missing-login", On: "source of userName", Fires: "absent or blank", Fix: "fill it, or map another attribute", Word: "Blank", grades: blocks()},
	{ID: "missing-id", On: "source of externalId", Fires: "absent", Fix: "use objectGUID or entryUUID", Word: "Blank", grades: blocks()},
	{ID: "missing-email", On: "mapped e-mail", Fires: "absent or blank", Fix: "the primary proxy address, if there is one", Word: "Blank", grades: warns(in(aws|github|needsEmail, Block))},
	{ID: "missing-name", On: "givenName, sn", Fires: "blank", Fix: "split displayName", Word: "Blank", grades: warns(in(aws|google|needsName, Block))},
	{ID: "missing-display", On: "displayName", Fires: "blank", Fix: "givenName and sn, else cn", Word: "Blank", grades: warns(in(aws|entra, Block))},
	{ID: "missing-group-name", On: "name of a group", Fires: "neither displayName nor cn", Fix: "cn", Word: "Blank", grades: blocks()},
	{ID: "edge-space", On: "every value", Fires: "white space at either end, or after a proxy prefix", Fix: "trim", Word: "Character", grades: warns(of(asLogin|asEmail, Block)), safe: true},
	{ID: "inner-space", On: "addresses, mailNickname", Fires: "white space inside", Fix: "remove it", Word: "Character", grades: blocks()},
	{ID: "control-char", On: "every value", Fires: "line break, tab or other control character", Fix: "remove it; in names, a space in its place", Word: "Character", grades: blocks(), safe: true},
	{ID: "hidden-char", On: "every value", Fires: "invisible character (Unicode Cf); ZWJ and ZWNJ are fine in names", Fix: "remove it", Word: "Character", grades: warns(of(asAddress, Block)), safe: true},
	{ID: "bad-encoding", On: "every value", Fires: "U+FFFD or invalid UTF-8", Fix: "type it again", Word: "Character", grades: warns(of(asAddress, Block))},
	{ID: "not-nfc", On: "every value", Fires: "differs from its NFC form", Fix: "the NFC form", Word: "Character", grades: infos(), safe: true},
	{ID: "non-ascii", On: "addresses", Fires: "a character above U+007F", Fix: "an internationalised domain as punycode", Word: "Character",
		grades: warns(inOf(entra, asLogin|asUPN|asProxy, Block), in(google, Block), in(aws, Info)), safe: true},
	{ID: "bad-char", On: "addresses, mailNickname, sAMAccountName, names", Fires: "an ASCII character outside of the allowed set", Fix: "remove it; an apostrophe never is", Word: "Character", grades: blocks(in(aws, Warn))},
	{ID: "bad-address", On: "addresses", Fires: "not exactly one @, or an empty side", Fix: "an address has one @, with a name before it and a domain behind it", Word: "Format", grades: blocks()},
	{ID: "bad-dots", On: "addresses, mailNickname", Fires: "dot first, last or doubled in the local part or alias", Fix: "drop the extra dots", Word: "Format", grades: blocks(of(asAlias, Warn))},
	{ID: "bad-domain", On: "addresses", Fires: "fewer than two labels, a label that is not letters, digits and hyphens or over 63, an edge hyphen, digits in the last label, over 253", Fix: "strip a trailing dot or bracket", Word: "DomainPart", grades: blocks(), safe: true},
	{ID: "unroutable-domain", On: "addresses", Fires: "last label not delegated, or special-use", Fix: "--suffix OLD=NEW", Word: "TopLevelDomain",
		grades: warns(inOf(entra|google, asLogin, Block)), safe: true},
	{ID: "unverified-domain", On: "source of userName", Fires: "domain not in target.domains, where that is set", Fix: "--suffix OLD=NEW, or verify the domain at the target", Word: "TopLevelDomain", grades: blocks(), safe: true},
	{ID: "too-long", On: "addresses, ids, names", Fires: "over the target's limit", Fix: "names: cut", Word: "Length", grades: warns(of(asKey, Block))},
	{ID: "reserved-name", On: "source of userName, name of a group", Fires: "a word that the target keeps for itself", Fix: "rename it", Word: "Format", grades: []grade{in(aws|google, Block)}},
	{ID: "dup-login", On: "source of userName", Fires: "equal, case folded, on two users or more", Fix: "keep it on one of them", Word: "Duplicate", grades: blocks()},
	{ID: "dup-email", On: "mapped e-mail", Fires: "equal on two objects or more", Fix: "keep it on one of them", Word: "Duplicate", grades: blocks()},
	{ID: "dup-address", On: "userPrincipalName, mail, proxyAddresses", Fires: "an address of one object is also on another", Fix: "keep it on one of them", Word: "Duplicate", grades: warns(in(entra, Block))},
	{ID: "dup-id", On: "source of externalId", Fires: "equal, case exact", Fix: "read each directory once", Word: "Duplicate", grades: blocks()},
	{ID: "dup-alias", On: "mailNickname", Fires: "equal on two objects or more", Fix: "keep it on one of them", Word: "Duplicate", grades: warns(in(entra, Block))},
	{ID: "dup-group-name", On: "name of a group", Fires: "equal, case folded", Fix: "rename one of them", Word: "Duplicate", grades: warns(in(aws, Block))},
	{ID: "dup-normalized", On: "source of userName", Fires: "equal only after the target's own rewriting", Fix: "rename one of them", Word: "Duplicate", grades: []grade{in(github, Block)}},
	{ID: "dup-lookalike", On: "source of userName", Fires: "looks like another login, in letters of another script", Fix: "type it again", Word: "Duplicate", grades: warns()},
	{ID: "bad-normalized", On: "source of userName", Fires: "the rewritten name begins or ends with a hyphen, or has two in a row", Fix: "rename it", Word: "Format", grades: []grade{in(github, Block)}},
	{ID: "proxy-no-type", On: "proxyAddresses", Fires: "no type before the first colon, or nothing after it", Fix: "smtp: before an address", Word: "Format", grades: warns(in(entra, Block))},
	{ID: "proxy-extra-colon", On: "proxyAddresses", Fires: "an smtp value with a second colon", Fix: "type it again", Word: "Character", grades: blocks()},
	{ID: "proxy-no-primary", On: "proxyAddresses", Fires: "smtp values, none of them SMTP:", Fix: "upper-case the one equal to mail", grades: warns(), safe: true},
	{ID: "proxy-many-primary", On: "proxyAddresses", Fires: "two or more SMTP: values", Fix: "keep the one equal to mail", grades: warns(in(entra, Block))},
	{ID: "primary-mismatch", On: "proxyAddresses, mail", Fires: "the SMTP: value differs from mail", Fix: "decide which of them is right", grades: warns()},
	{ID: "proxy-too-many", On: "proxyAddresses", Fires: "over 300 values", Fix: "remove those that nobody uses", grades: []grade{in(entra, Warn)}},
	{ID: "login-mail-differ", On: "userPrincipalName, mail", Fires: "they differ", Fix: "decide which of them people are to sign in with", grades: infos(in(entra, Warn))},
	{ID: "multi-value", On: "every mapped attribute", Fires: "several values for a field that takes one", Fix: "keep one", grades: []grade{in(aws, Warn)}},
	{ID: "conflict-object", On: "users, groups", Fires: "the copy that a replication conflict left; it is skipped", Fix: "delete or merge it by hand", grades: warns()},
	{ID: "system-object", On: "users, groups", Fires: "a built-in or service object; it is skipped", grades: infos()},
	{ID: "manager-loop", On: "manager", Fires: "users who, one over the other, manage themselves", Fix: "correct one of the managers", grades: warns()},
	{ID: "group-loop", On: "member", Fires: "groups that, one within the other, hold themselves", Fix: "take one of them out", grades: warns()},
	{ID: "group-nested", On: "member", Fires: "a group inside a group", Fix: "groups.nested: flatten", grades: []grade{in(aws, Warn)}},
	{ID: "member-out-of-scope", On: "member", Fires: "a member outside of the synchronised scope", Fix: "widen the scope", grades: infos()},
}

// Table returns the rules in the order in which findings are shown.
func Table() []Rule { return slices.Clone(table) }

// A ruleNumber is the place of a rule in the table.
type ruleNumber uint8

var numbers = func() map[string]ruleNumber {
	m := make(map[string]ruleNumber, len(table))
	for i := range table {
		m[table[i].ID] = ruleNumber(i)
	}
	return m
}()

// severity is how bad a rule is for a family of targets and a use; "" when
// it is off.
func (r *Rule) severity(s set, used role) Severity {
	var out Severity
	for _, g := range r.grades {
		if (g.sets == 0 || g.sets&s != 0) && (g.roles == 0 || g.roles&used != 0) {
			out = g.severity
		}
	}
	return out
}

// names of sets and roles, as Severities spells them.
var (
	setNames = []struct {
		set  set
		name string
	}{
		{entra, "Entra"}, {google, "Google"}, {aws, "AWS"}, {github, "GitHub"}, {needsEmail, "Slack, GitLab, Atlassian, Zitadel"}, {needsName, "Zitadel"},
	}
	roleNames = []struct {
		role role
		name string
	}{
		{asLogin, "login"}, {asEmail, "e-mail"}, {asUPN, "userPrincipalName"}, {asProxy, "proxy address"}, {asAlias, "alias"}, {asSAM, "sAMAccountName"},
	}
)

// Severities says in words how bad a fault is, and for whom: "warn; block:
// AWS, GitHub".
func (r *Rule) Severities() string {
	var parts []string
	for _, g := range r.grades {
		var who, what []string
		for _, s := range setNames {
			if g.sets&s.set != 0 && !slices.Contains(who, s.name) {
				who = append(who, s.name)
			}
		}
		for _, n := range roleNames {
			if g.roles&n.role != 0 {
				what = append(what, n.name)
			}
		}
		text := string(g.severity)
		switch {
		case len(who) > 0 && len(what) > 0:
			text += ": " + strings.Join(who, ", ") + " (" + strings.Join(what, ", ") + ")"
		case len(who)+len(what) > 0:
			text += ": " + strings.Join(append(who, what...), ", ")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

// SafeFix reports whether the rule's suggestion may be applied unread, where
// nothing else speaks against it.
func (r *Rule) SafeFix() bool { return r.safe }

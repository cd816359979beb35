package rules

import (
	"strings"
	"testing"

	"adsync/ldapsrc/directory"
)

// A ruleCase is one person, or more, and what one rule finds of them.
type ruleCase struct {
	name    string
	profile string
	attr    string // attributes named besides the mapped ones
	domains string
	suffix  string
	people  []person
	want    string // lines of the rule only, see lines
}

func (c *ruleCase) options() Options {
	o := Options{Profile: c.profile, Attributes: strings.Fields(c.attr), Domains: strings.Fields(c.domains)}
	if old, new, ok := strings.Cut(c.suffix, "="); ok {
		o.Suffixes = map[string]string{old: new}
	}
	return o
}

func one(pairs ...string) []person { return []person{with(ada, pairs...)} }

func repeat(s string, n int) string { return strings.Repeat(s, n) }

// cases are the rules' cases by id: at the limit and one past it, and in
// scripts other than Latin.
var cases = map[string][]ruleCase{
	"missing-login": {
		{name: "no userPrincipalName", people: one("userPrincipalName", ""), want: "block missing-login User 1 userPrincipalName"},
		{name: "white space only", people: one("userPrincipalName", " \u3000"), want: "block missing-login User 1 userPrincipalName"},
		{name: "invisible only", people: one("userPrincipalName", "\u200b\ufeff"), want: "block missing-login User 1 userPrincipalName"},
		{name: "a single letter is a login", people: one("userPrincipalName", "ж@example.com")},
	},
	"missing-email": {
		{name: "warns for any target", people: one("mail", ""), want: "warn missing-email User 1 mail"},
		{name: "blocks for AWS", profile: "aws", people: one("mail", "\u00a0"), want: "block missing-email User 1 mail"},
		{name: "blocks for GitHub", profile: "github", people: one("mail", ""), want: "block missing-email User 1 mail"},
		{name: "the primary address is suggested", attr: "proxyAddresses", people: one("mail", "", "proxyAddresses", "SMTP:ada@example.com|smtp:a@example.com"),
			want: "warn missing-email User 1 mail -> ada@example.com"},
		{name: "the primary address is another's", attr: "proxyAddresses",
			people: []person{with(ada, "mail", "", "proxyAddresses", "SMTP:b@example.com"), with(ada, "userPrincipalName", "b@example.com", "mail", "b@example.com")},
			want:   "warn missing-email User 1 mail"},
	},
	"missing-name": {
		{name: "no first name", people: one("givenName", ""), want: "warn missing-name User 1 givenName -> Ada"},
		{name: "no last name, blocks for Google", profile: "google", people: one("sn", "\u2003"), want: "block missing-name User 1 sn -> Lovelace"},
		{name: "a name of one word is not split", people: one("sn", "", "displayName", "Плато"), want: "warn missing-name User 1 sn"},
		{name: "both", profile: "aws", people: one("sn", "", "givenName", "", "displayName", "山田 太郎"),
			want: "block missing-name User 1 givenName -> 山田\nblock missing-name User 1 sn -> 太郎"},
	},
	"missing-display": {
		{name: "made of the names", people: one("displayName", ""), want: "warn missing-display User 1 displayName -> Ada Lovelace"},
		{name: "blocks for AWS", profile: "aws", people: one("displayName", " "), want: "block missing-display User 1 displayName -> Ada Lovelace"},
		{name: "cn stands in", profile: "entra", people: one("displayName", "", "cn", "Ada", "sn", ""), want: "warn missing-display User 1 displayName -> Ada"},
	},
	"edge-space": {
		{name: "none", people: one("displayName", "Ada Lovelace")},
		{name: "after a login", people: one("userPrincipalName", "ada@example.com "), want: "block edge-space User 1 userPrincipalName -> ada@example.com (safe)"},
		{name: "no-break space before an e-mail", people: one("mail", "\u00a0ada@example.com"), want: "block edge-space User 1 mail -> ada@example.com (safe)"},
		{name: "ideographic space after a name", people: one("sn", "山田\u3000"), want: "warn edge-space User 1 sn -> 山田 (safe)"},
		{name: "after the type of a proxy", attr: "proxyAddresses", people: one("proxyAddresses", "SMTP: ada@example.com"), want: "warn edge-space User 1 proxyAddresses -> SMTP:ada@example.com (safe)"},
		{name: "the naming attribute is renamed, not modified", attr: "cn", people: one("cn", "Ada "), want: "warn edge-space User 1 cn -> Ada"},
	},
	"inner-space": {
		{name: "in an address", people: one("mail", "ada l@example.com"), want: "block inner-space User 1 mail -> adal@example.com"},
		{name: "thin space in the domain", people: one("mail", "ada@exam\u2009ple.com"), want: "block inner-space User 1 mail -> ada@example.com"},
		{name: "in an alias", attr: "mailNickname", people: one("mailNickname", "a da"), want: "block inner-space User 1 mailNickname -> ada"},
		{name: "in a name it belongs", people: one("displayName", "Ada Augusta Lovelace")},
		{name: "in a proxy", attr: "proxyAddresses", people: one("proxyAddresses", "SMTP:ada l@example.com"), want: "block inner-space User 1 proxyAddresses -> SMTP:adal@example.com"},
		{name: "in an X.500 address it belongs", attr: "proxyAddresses", people: one("proxyAddresses", "X500:/o=Example Org/cn=Ada (1)|SMTP:ada@example.com")},
	},
	"control-char": {
		{name: "a tab in a title", people: one("title", "Head\tof"), want: "block control-char User 1 title -> Head of (safe)"},
		{name: "two of them are one space", people: one("displayName", "Ada\r\nLovelace"), want: "block control-char User 1 displayName -> Ada Lovelace (safe)"},
		{name: "in an address it goes", people: one("mail", "ada\u0007@example.com"), want: "block control-char User 1 mail -> ada@example.com (safe)"},
		{name: "C1 and line separator", people: one("sn", "山\u0085田\u2028"), want: "block control-char User 1 sn -> 山 田 (safe)"},
		{name: "U+0020 is none", people: one("sn", "a b")},
		{name: "U+00A0 is none", people: one("sn", "a\u00a0b")},
		{name: "U+007F is one", people: one("sn", "a\u007f"), want: "block control-char User 1 sn -> a (safe)"},
	},
	"hidden-char": {
		{name: "a zero-width space in an address blocks", people: one("mail", "ada\u200b@example.com"), want: "block hidden-char User 1 mail -> ada@example.com (safe)"},
		{name: "in a name it warns", people: one("sn", "Love\u00adlace"), want: "warn hidden-char User 1 sn -> Lovelace (safe)"},
		{name: "a joiner is part of a name", people: one("displayName", "می\u200cخواهم क्\u200dष")},
		{name: "a joiner is no part of an address", people: one("mail", "a\u200dda@example.com"), want: "block hidden-char User 1 mail -> ada@example.com (safe)"},
		{name: "bidirectional control", people: one("displayName", "\u202eadA"), want: "warn hidden-char User 1 displayName -> adA (safe)"},
		{name: "byte order mark", people: one("givenName", "\ufeffAda"), want: "warn hidden-char User 1 givenName -> Ada (safe)"},
	},
	"bad-encoding": {
		{name: "in a name", people: one("sn", "M\ufffdller"), want: "warn bad-encoding User 1 sn"},
		{name: "in an address", people: one("mail", "m\ufffdller@example.com"), want: "block bad-encoding User 1 mail"},
		{name: "invalid UTF-8", people: one("sn", "M\xfcller"), want: "warn bad-encoding User 1 sn"},
		{name: "an umlaut is none", people: one("sn", "Müller")},
	},
	"not-nfc": {
		{name: "composed", people: one("sn", "Müller")},
		{name: "decomposed", people: one("sn", "Mu\u0308ller"), want: "info not-nfc User 1 sn -> Müller (safe)"},
		{name: "Hangul of single letters", people: one("sn", "\u1112\u1161\u11ab"), want: "info not-nfc User 1 sn -> 한 (safe)"},
	},
	"non-ascii": {
		{name: "U+007E is fine", people: one("mail", "a~@example.com")},
		{name: "warns for any target", people: one("mail", "adä@example.com"), want: "warn non-ascii User 1 mail"},
		{name: "blocks a login of Entra", profile: "entra", people: one("userPrincipalName", "adä@example.com"), want: "block non-ascii User 1 userPrincipalName"},
		{name: "only warns of an e-mail of Entra", profile: "entra", people: one("mail", "adä@example.com"), want: "warn non-ascii User 1 mail"},
		{name: "blocks an e-mail of Google", profile: "google", people: one("mail", "ада@example.com"), want: "block non-ascii User 1 mail"},
		{name: "is told for AWS", profile: "aws", people: one("userPrincipalName", "ада@example.com"), want: "info non-ascii User 1 userPrincipalName"},
		{name: "a domain becomes punycode", people: one("mail", "ada@münchen.de"), want: "warn non-ascii User 1 mail -> ada@xn--mnchen-3ya.de (safe)"},
		{name: "blocks a proxy of Entra", profile: "entra", attr: "proxyAddresses", people: one("proxyAddresses", "SMTP:ada@example.com|smtp:é@example.com"), want: "block non-ascii User 1 proxyAddresses"},
		{name: "names are free", people: one("displayName", "Ädä")},
	},
	"bad-char": {
		{name: "all of dot-atom", people: one("mail", "a!#$%&'*+-/=?^_`{|}~.z@example.com")},
		{name: "brackets", people: one("mail", "a(d)a@example.com"), want: "block bad-char User 1 mail -> ada@example.com"},
		{name: "what Entra takes", profile: "entra", people: one("userPrincipalName", "aZ9'.-_!#^~a@example.com")},
		{name: "what Entra does not", profile: "entra", people: one("userPrincipalName", "a+b@example.com"), want: "block bad-char User 1 userPrincipalName -> ab@example.com"},
		{name: "what Google takes", profile: "google", people: one("userPrincipalName", "Az9-_'.a@example.com")},
		{name: "what Google does not", profile: "google", people: one("userPrincipalName", "a!@example.com"), want: "block bad-char User 1 userPrincipalName -> a@example.com"},
		{name: "AWS takes any punctuation in a login", profile: "aws", people: one("userPrincipalName", "a(b)<c>@example.com")},
		{name: "AWS and a display name", profile: "aws", people: one("displayName", "Ada <a>: 5%;"), want: "warn bad-char User 1 displayName -> Ada a 5"},
		{name: "Google and a name", profile: "google", people: one("sn", "Ł<o>"), want: "block bad-char User 1 sn -> Ło"},
		{name: "an alias", attr: "mailNickname", people: one("mailNickname", "a,d;a@"), want: "block bad-char User 1 mailNickname -> ada"},
		{name: "an alias may hold the rest", attr: "mailNickname", people: one("mailNickname", "a!#$%&'*+-/=?^_`{|}~")},
		{name: "a sAMAccountName", attr: "sAMAccountName", people: one("sAMAccountName", `a/d"a`), want: "block bad-char User 1 sAMAccountName -> ada"},
		{name: "a sAMAccountName with a space, a dot and letters of any script", attr: "sAMAccountName", people: one("sAMAccountName", "ада. a")},
		{name: "a proxy of Entra may hold what is no bracket", profile: "entra", attr: "proxyAddresses", people: one("proxyAddresses", "SMTP:a+b/c&d@example.com|sip:a&b@example.com")},
		{name: "a SIP address with a comma", attr: "proxyAddresses", people: one("proxyAddresses", "SMTP:a@example.com|sip:a,b@example.com"), want: "block bad-char User 1 proxyAddresses -> sip:ab@example.com"},
	},
	"bad-address": {
		{name: "no @", people: one("mail", "ada.example.com"), want: "block bad-address User 1 mail"},
		{name: "two @", people: one("mail", "ada@corp@example.com"), want: "block bad-address User 1 mail"},
		{name: "a doubled @", people: one("mail", "ада@@example.com"), want: "block bad-address User 1 mail -> ада@example.com"},
		{name: "nothing before it", people: one("mail", "@example.com"), want: "block bad-address User 1 mail"},
		{name: "nothing after it", people: one("mail", "ada@"), want: "block bad-address User 1 mail"},
		{name: "Entra wants an address for a login", profile: "entra", people: one("userPrincipalName", "ada"), want: "block bad-address User 1 userPrincipalName"},
	},
	"bad-dots": {
		{name: "one inside", people: one("mail", "a.d.a@example.com")},
		{name: "first", people: one("mail", ".ada@example.com"), want: "block bad-dots User 1 mail -> ada@example.com"},
		{name: "last", people: one("mail", "ada.@example.com"), want: "block bad-dots User 1 mail -> ada@example.com"},
		{name: "doubled", people: one("mail", "а..да@example.com"), want: "block bad-dots User 1 mail -> а.да@example.com"},
		{name: "in an alias it warns", attr: "mailNickname", people: one("mailNickname", ".ada"), want: "warn bad-dots User 1 mailNickname -> ada"},
	},
	"bad-domain": {
		{name: "one label", people: one("mail", "ada@example"), want: "block bad-domain User 1 mail"},
		{name: "a label of 63", people: one("mail", "ada@"+repeat("a", 63)+".com")},
		{name: "a label of 64", people: one("mail", "ada@"+repeat("a", 64)+".com"), want: "block bad-domain User 1 mail"},
		{name: "an underscore", people: one("mail", "ada@ex_ample.com"), want: "block bad-domain User 1 mail"},
		{name: "a hyphen at an edge", people: one("mail", "ada@-example.com"), want: "block bad-domain User 1 mail"},
		{name: "digits in the last label", people: one("mail", "ada@example.c0m"), want: "block bad-domain User 1 mail"},
		{name: "a number for a host", people: one("mail", "ada@192.0.2.1"), want: "block bad-domain User 1 mail"},
		{name: "an internationalised last label", people: one("mail", "ada@example.xn--p1ai")},
		{name: "a trailing dot", people: one("mail", "ada@example.com."), want: "block bad-domain User 1 mail -> ada@example.com (safe)"},
		{name: "a trailing bracket", people: one("mail", "ada@example.com>"), want: "block bad-domain User 1 mail -> ada@example.com (safe)"},
		{name: "two dots", people: one("mail", "ada@example..com"), want: "block bad-domain User 1 mail"},
		{name: "253 in all", people: one("mail", "a@"+repeat(repeat("a", 62)+".", 4)+"c")}, // the length is too-long's
		{name: "254 in all", people: one("mail", "a@"+repeat(repeat("a", 62)+".", 4)+"co"), want: "block bad-domain User 1 mail"},
		{name: "another script", people: one("mail", "ada@пример.рф")},
	},
	"unroutable-domain": {
		{name: "a public one", people: one("mail", "ada@example.co.uk")},
		{name: "a new one", people: one("mail", "ada@example.app")},
		{name: "a private suffix", people: one("mail", "ada@example.github.io")},
		{name: "internal", people: one("mail", "ada@corp.local"), want: "warn unroutable-domain User 1 mail"},
		{name: "onion", people: one("mail", "ada@corp.onion"), want: "warn unroutable-domain User 1 mail"},
		{name: "reverse zones", people: one("mail", "ada@home.arpa"), want: "warn unroutable-domain User 1 mail"},
		{name: "blocks a login of Entra", profile: "entra", people: one("userPrincipalName", "ada@corp.test"), want: "block unroutable-domain User 1 userPrincipalName"},
		{name: "warns of a login of AWS", profile: "aws", people: one("userPrincipalName", "ada@corp.test"), want: "warn unroutable-domain User 1 userPrincipalName"},
		{name: "replaced as told", suffix: "corp.local=example.com", people: one("userPrincipalName", "ADA@corp.LOCAL"), want: "warn unroutable-domain User 1 userPrincipalName -> ADA@example.com (safe)"},
		{name: "another script", people: one("mail", "ada@пример.рф")},
		{name: "another script, of nowhere", people: one("mail", "ada@пример.нигде"), want: "warn unroutable-domain User 1 mail"},
	},
	"unverified-domain": {
		{name: "no list", people: one()},
		{name: "in the list", domains: "example.com", people: one("userPrincipalName", "ada@EXAMPLE.com")},
		{name: "not in the list", domains: "example.com", people: one("userPrincipalName", "ada@example.org"), want: "block unverified-domain User 1 userPrincipalName"},
		{name: "below one in the list", domains: "example.com", people: one("userPrincipalName", "ada@eu.example.com"), want: "block unverified-domain User 1 userPrincipalName"},
		{name: "an internationalised one", domains: "münchen.example.com", people: one("userPrincipalName", "ada@xn--mnchen-3ya.example.com")},
		{name: "replaced as told", domains: "example.com", suffix: "example.org=example.com", people: one("userPrincipalName", "b@example.org"), want: "block unverified-domain User 1 userPrincipalName -> b@example.com (safe)"},
		{name: "an e-mail may be anywhere", domains: "example.com", people: one("mail", "ada@example.org")},
	},
	"too-long": {
		{name: "64 bytes before the @", people: one("mail", repeat("a", 64)+"@example.com")},
		{name: "65 bytes before the @", people: one("mail", repeat("a", 65)+"@example.com"), want: "block too-long User 1 mail"},
		{name: "letters of two bytes count twice", people: one("mail", repeat("ä", 33)+"@example.com"), want: "block too-long User 1 mail"},
		{name: "254 bytes", people: one("mail", repeat("a", 64)+"@"+repeat(repeat("a", 60)+".", 3)+"aa.com")},
		{name: "255 bytes", people: one("mail", repeat("a", 64)+"@"+repeat(repeat("a", 60)+".", 3)+"aaa.com"), want: "block too-long User 1 mail"},
		{name: "Entra: 64 and 48", profile: "entra", people: one("userPrincipalName", repeat("a", 64)+"@"+repeat("b", 44)+".com")},
		{name: "Entra: 65", profile: "entra", people: one("userPrincipalName", repeat("a", 65)+"@example.com"), want: "block too-long User 1 userPrincipalName"},
		{name: "Entra: 49 behind the @", profile: "entra", people: one("userPrincipalName", "a@"+repeat("b", 45)+".com"), want: "block too-long User 1 userPrincipalName"},
		{name: "Google: 64", profile: "google", people: one("userPrincipalName", repeat("a", 64)+"@example.com")},
		{name: "Google: 65", profile: "google", people: one("userPrincipalName", repeat("a", 65)+"@example.com"), want: "block too-long User 1 userPrincipalName"},
		{name: "AWS: 128", profile: "aws", people: one("userPrincipalName", repeat("ä", 116)+"@example.com")},
		{name: "AWS: 129", profile: "aws", people: one("userPrincipalName", repeat("ä", 117)+"@example.com"), want: "block too-long User 1 userPrincipalName"},
		{name: "GitHub: 39", profile: "github", people: one("userPrincipalName", repeat("a", 39)+"@example.com")},
		{name: "GitHub: 40", profile: "github", people: one("userPrincipalName", repeat("a", 40)+"@example.com"), want: "block too-long User 1 userPrincipalName"},
		{name: "Entra: a display name of 256", profile: "entra", people: one("displayName", repeat("山", 256))},
		{name: "Entra: a display name of 257", profile: "entra", people: one("displayName", repeat("山", 257)), want: "warn too-long User 1 displayName -> " + repeat("山", 256)},
		{name: "Entra: characters beyond the plane count twice", profile: "entra", people: one("sn", repeat("𝒜", 33)), want: "warn too-long User 1 sn -> " + repeat("𝒜", 32)},
		{name: "Google counts them once", profile: "google", people: one("sn", repeat("𝒜", 60))},
		{name: "Google: a name of 61", profile: "google", people: one("sn", repeat("𝒜", 61)), want: "warn too-long User 1 sn -> " + repeat("𝒜", 60)},
		{name: "AWS: a display name of 1025", profile: "aws", people: one("displayName", repeat("a", 1025)), want: "warn too-long User 1 displayName -> " + repeat("a", 1024)},
		{name: "names have no limit for any target", people: one("displayName", repeat("a", 5000))},
		{name: "an alias of 64", attr: "mailNickname", people: one("mailNickname", repeat("a", 64))},
		{name: "an alias of 65", attr: "mailNickname", people: one("mailNickname", repeat("a", 65)), want: "block too-long User 1 mailNickname"},
		{name: "a sAMAccountName of 20", attr: "sAMAccountName", people: one("sAMAccountName", repeat("ä", 20))},
		{name: "a sAMAccountName of 21", attr: "sAMAccountName", people: one("sAMAccountName", repeat("ä", 21)), want: "block too-long User 1 sAMAccountName"},
		{name: "a proxy of 256", attr: "proxyAddresses", people: one("proxyAddresses", "X500:"+repeat("a", 251))},
		{name: "a proxy of 257", attr: "proxyAddresses", people: one("proxyAddresses", "X500:"+repeat("a", 252)), want: "block too-long User 1 proxyAddresses"},
	},
	"reserved-name": {
		{name: "AWS", profile: "aws", people: one("userPrincipalName", "awsadministrators"), want: "block reserved-name User 1 userPrincipalName"},
		{name: "AWS minds the whole name", profile: "aws", people: one("userPrincipalName", "administrator@example.com")},
		{name: "Google", profile: "google", people: one("userPrincipalName", "Postmaster@example.com"), want: "block reserved-name User 1 userPrincipalName"},
		{name: "Google takes others", profile: "google", people: one("userPrincipalName", "postmaster1@example.com")},
		{name: "no other target minds", people: one("userPrincipalName", "abuse@example.com")},
	},
	"dup-login": {
		{name: "case folded", people: []person{with(ada, "mail", "1@example.com"), with(ada, "userPrincipalName", "ADA@Example.com", "mail", "2@example.com")},
			want: "block dup-login User 1 userPrincipalName\nblock dup-login User 2 userPrincipalName"},
		{name: "in another form of Unicode", people: []person{with(ada, "userPrincipalName", "adä@example.com", "mail", "1@example.com"), with(ada, "userPrincipalName", "ADA\u0308@example.com", "mail", "2@example.com")},
			want: "block dup-login User 1 userPrincipalName\nblock dup-login User 2 userPrincipalName"},
		{name: "the domain as punycode", people: []person{with(ada, "userPrincipalName", "a@münchen.de", "mail", "1@example.com"), with(ada, "userPrincipalName", "a@XN--MNCHEN-3YA.de", "mail", "2@example.com")},
			want: "block dup-login User 1 userPrincipalName\nblock dup-login User 2 userPrincipalName"},
		{name: "one who is off takes nobody's name", people: []person{with(ada, "mail", "1@example.com"), with(ada, "mail", "2@example.com", "off", "yes")},
			want: "warn dup-login User 1 userPrincipalName\nwarn dup-login User 2 userPrincipalName"},
		{name: "different", people: []person{ada, with(ada, "userPrincipalName", "ad@example.com", "mail", "2@example.com")}},
	},
	"dup-email": {
		{name: "equal", people: []person{with(ada, "userPrincipalName", "1@example.com"), with(ada, "userPrincipalName", "2@example.com", "mail", "Ada@EXAMPLE.com")},
			want: "block dup-email User 1 mail\nblock dup-email User 2 mail"},
		{name: "three of them", people: []person{with(ada, "userPrincipalName", "1@example.com"), with(ada, "userPrincipalName", "2@example.com"), with(ada, "userPrincipalName", "3@example.com")},
			want: "block dup-email User 1 mail\nblock dup-email User 2 mail\nblock dup-email User 3 mail"},
		{name: "of another script", people: []person{with(ada, "userPrincipalName", "1@example.com", "mail", "ада@example.com"), with(ada, "userPrincipalName", "2@example.com", "mail", "АДА@example.com")},
			want: "block dup-email User 1 mail\nblock dup-email User 2 mail"},
	},
	"dup-address": {
		{name: "a login that is another's e-mail", people: []person{ada, with(ada, "userPrincipalName", "b@example.com", "mail", "c@example.com"), with(ada, "userPrincipalName", "c@example.com", "mail", "d@example.com")},
			want: "warn dup-address User 2 mail\nwarn dup-address User 3 userPrincipalName"},
		{name: "a proxy that is another's e-mail blocks for Entra", profile: "entra", attr: "proxyAddresses",
			people: []person{ada, with(ada, "userPrincipalName", "b@example.com", "mail", "b@example.com", "proxyAddresses", "SMTP:b@example.com|smtp:ADA@example.com")},
			want:   "block dup-address User 1 mail\nblock dup-address User 2 proxyAddresses"},
		{name: "an X.500 address", attr: "proxyAddresses",
			people: []person{with(ada, "proxyAddresses", "X500:/o=Ä/cn=a"), with(ada, "userPrincipalName", "b@example.com", "mail", "b@example.com", "proxyAddresses", "x500:/O=ä/cn=A")},
			want:   "warn dup-address User 1 proxyAddresses\nwarn dup-address User 2 proxyAddresses"},
		{name: "one's own three are one", attr: "proxyAddresses", people: one("proxyAddresses", "SMTP:ada@example.com|sip:ada@example.com")},
	},
	"dup-id": {
		{name: "equal anchors", people: []person{with(ada, "anchor", "x"), with(ada, "userPrincipalName", "b@example.com", "mail", "b@example.com", "anchor", "x")},
			want: "block dup-id User 1\nblock dup-id User 2"},
		{name: "case exact", people: []person{with(ada, "anchor", "ä"), with(ada, "userPrincipalName", "b@example.com", "mail", "b@example.com", "anchor", "Ä")}},
	},
	"dup-alias": {
		{name: "warns", attr: "mailNickname", people: []person{with(ada, "mailNickname", "Ädä"), with(ada, "userPrincipalName", "b@example.com", "mail", "b@example.com", "mailNickname", "ädÄ")},
			want: "warn dup-alias User 1 mailNickname\nwarn dup-alias User 2 mailNickname"},
		{name: "blocks for Entra", profile: "entra", attr: "mailNickname", people: []person{with(ada, "mailNickname", "a"), with(ada, "userPrincipalName", "b@example.com", "mail", "b@example.com", "mailNickname", "A")},
			want: "block dup-alias User 1 mailNickname\nblock dup-alias User 2 mailNickname"},
	},
	"dup-normalized": {
		{name: "equal after the rewriting", profile: "github", people: []person{with(ada, "userPrincipalName", "a.b@example.com"), with(ada, "userPrincipalName", "a_b@example.org", "mail", "b@example.com")},
			want: "block dup-normalized User 1 userPrincipalName\nblock dup-normalized User 2 userPrincipalName"},
		{name: "other letters become hyphens too", profile: "github", people: []person{with(ada, "userPrincipalName", "aäb@example.com"), with(ada, "userPrincipalName", "aöb@example.org", "mail", "b@example.com")},
			want: "block dup-normalized User 1 userPrincipalName\nblock dup-normalized User 2 userPrincipalName"},
		{name: "no other target rewrites", people: []person{with(ada, "userPrincipalName", "a.b@example.com"), with(ada, "userPrincipalName", "a_b@example.org", "mail", "b@example.com")}},
	},
	"dup-lookalike": {
		{name: "Cyrillic for Latin", people: []person{ada, with(ada, "userPrincipalName", "\u0430d\u0430@example.com", "mail", "b@example.com")},
			want: "warn dup-lookalike User 1 userPrincipalName\nwarn dup-lookalike User 2 userPrincipalName"},
		{name: "an accent is to be seen", people: []person{ada, with(ada, "userPrincipalName", "adá@example.com", "mail", "b@example.com")}},
		{name: "nobody is like it", people: one("userPrincipalName", "\u0430d\u0430@example.com")},
	},
	"bad-normalized": {
		{name: "one hyphen inside", profile: "github", people: one("userPrincipalName", "a.b@example.com")},
		{name: "at the start", profile: "github", people: one("userPrincipalName", "_a@example.com"), want: "block bad-normalized User 1 userPrincipalName"},
		{name: "at the end", profile: "github", people: one("userPrincipalName", "aä@example.com"), want: "block bad-normalized User 1 userPrincipalName"},
		{name: "two in a row", profile: "github", people: one("userPrincipalName", "a.-b@example.com"), want: "block bad-normalized User 1 userPrincipalName"},
	},
	"proxy-no-type": {
		{name: "an address without", attr: "proxyAddresses", people: one("proxyAddresses", "SMTP:ada@example.com|a@example.com"), want: "warn proxy-no-type User 1 proxyAddresses -> smtp:a@example.com"},
		{name: "nothing after it, blocks for Entra", profile: "entra", attr: "proxyAddresses", people: one("proxyAddresses", "SMTP:ada@example.com|smtp:\u2003"), want: "block proxy-no-type User 1 proxyAddresses"},
		{name: "a letter after it", attr: "proxyAddresses", people: one("proxyAddresses", "x:ж")},
	},
	"proxy-extra-colon": {
		{name: "smtp", attr: "proxyAddresses", people: one("proxyAddresses", "SMTP:ada@example.com|smtp:smtp:ä@example.com"), want: "block proxy-extra-colon User 1 proxyAddresses"},
		{name: "others may", attr: "proxyAddresses", people: one("proxyAddresses", "X400:c=us;a= ;p=x:y")},
	},
	"proxy-no-primary": {
		{name: "the one equal to mail", attr: "proxyAddresses", people: one("proxyAddresses", "smtp:Ada@example.com|smtp:b@example.com"), want: "warn proxy-no-primary User 1 proxyAddresses -> SMTP:Ada@example.com (safe)"},
		{name: "none equal to mail", attr: "proxyAddresses", people: one("proxyAddresses", "smtp:ä@example.com"), want: "warn proxy-no-primary User 1 proxyAddresses"},
		{name: "no smtp at all", attr: "proxyAddresses", people: one("proxyAddresses", "sip:ada@example.com")},
		{name: "one", attr: "proxyAddresses", people: one("proxyAddresses", "SMTP:ada@example.com")},
	},
	"proxy-many-primary": {
		{name: "two", attr: "proxyAddresses", people: one("proxyAddresses", "SMTP:ada@example.com|SMTP:b@example.com"), want: "warn proxy-many-primary User 1 proxyAddresses -> smtp:b@example.com"},
		{name: "two, for Entra", profile: "entra", attr: "proxyAddresses", people: one("proxyAddresses", "SMTP:ä@example.com|SMTP:b@example.com"), want: "block proxy-many-primary User 1 proxyAddresses"},
	},
	"primary-mismatch": {
		{name: "equal but for case", attr: "proxyAddresses", people: one("proxyAddresses", "SMTP:ADA@example.com")},
		{name: "different", attr: "proxyAddresses", people: one("proxyAddresses", "SMTP:ä@example.com"), want: "warn primary-mismatch User 1 proxyAddresses"},
	},
	"proxy-too-many": {
		{name: "300", profile: "entra", attr: "proxyAddresses", people: one("proxyAddresses", "SMTP:ada@example.com"+repeat("|X500:ä", 299))},
		{name: "301", profile: "entra", attr: "proxyAddresses", people: one("proxyAddresses", "SMTP:ada@example.com"+repeat("|X500:ä", 300)), want: "warn proxy-too-many User 1 proxyAddresses"},
		{name: "301 elsewhere", attr: "proxyAddresses", people: one("proxyAddresses", "SMTP:ada@example.com"+repeat("|X500:ä", 300))},
	},
	"login-mail-differ": {
		{name: "but for case", people: one("mail", "ADA@EXAMPLE.COM")},
		{name: "is told", people: one("mail", "adä@example.com"), want: "info login-mail-differ User 1 userPrincipalName"},
		{name: "warns for Entra", profile: "entra", people: one("mail", "a@example.com"), want: "warn login-mail-differ User 1 userPrincipalName"},
	},
	"multi-value": {
		{name: "AWS takes one", profile: "aws", people: one("telephoneNumber", "１|2"), want: "warn multi-value User 1 telephoneNumber"},
		{name: "one", profile: "aws", people: one("telephoneNumber", "1")},
		{name: "others take more", people: one("telephoneNumber", "1|2")},
	},
	"conflict-object": {
		{name: "by its name", people: one("DN", `CN=Ädä\0ACNF:11112222-3333-4444-5555-666677778888,DC=example,DC=com`, "mail", "-"), want: `warn conflict-object Ädä\0ACNF:11112222-3333-4444-5555-666677778888`},
		{name: "by its login", people: one("login", "$DUPLICATE-1f4", "mail", "-"), want: "warn conflict-object User 1"},
		{name: "CNF alone is a name", people: one("DN", "CN=CNF:,DC=example,DC=com")},
	},
	"system-object": {
		{name: "krbtgt", people: one("SID", "S-1-5-21-1-2-3-502"), want: "info system-object User 1"},
		{name: "one with a number like it", people: one("SID", "S-1-5-21-1-2-3-1502")},
		{name: "a name with a dollar", people: one("login", "ä$"), want: "info system-object User 1"},
		{name: "marked critical", people: one("isCriticalSystemObject", "TRUE"), want: "info system-object User 1"},
		{name: "a mailbox of the system", people: one("msExchRecipientTypeDetails", "4194304"), want: "info system-object User 1"},
		{name: "a mailbox of a person", people: one("msExchRecipientTypeDetails", "1")},
	},
	"manager-loop": {
		{name: "each other's", people: []person{with(ada, "anchor", "a", "manager", "b"), with(ada, "userPrincipalName", "ä@example.com", "mail", "b@example.com", "anchor", "b", "manager", "a")},
			want: "warn manager-loop User 1 manager\nwarn manager-loop User 2 manager"},
		{name: "one's own", people: one("anchor", "a", "manager", "a"), want: "info manager-loop User 1 manager"},
		{name: "a chain", people: []person{with(ada, "anchor", "a", "manager", "b"), with(ada, "userPrincipalName", "b@example.com", "mail", "b@example.com", "anchor", "b")}},
	},
}

func TestEveryRuleAtItsLimit(t *testing.T) {
	for id, list := range cases {
		for _, c := range list {
			t.Run(id+": "+c.name, func(t *testing.T) {
				var got []string
				for _, line := range lines(t, c.options(), c.people...) {
					if strings.Fields(line)[1] == id {
						got = append(got, line)
					}
				}
				if text := strings.Join(got, "\n"); text != c.want {
					t.Errorf("got:\n%s\nwant:\n%s", text, c.want)
				}
			})
		}
	}
}

// A groupCase is what one rule finds of groups.
var groupCases = []struct {
	name, rule, profile string
	groups              []directory.Group
	want                string
}{
	{"no name", "missing-group-name", "", []directory.Group{group("CN=Ärzte", "")}, "block missing-group-name Ärzte displayName -> Ärzte"},
	{"a name", "missing-group-name", "", []directory.Group{group("CN=A", "Ärzte")}, ""},
	{"equal names warn", "dup-group-name", "", []directory.Group{group("CN=A", "Ärzte"), group("CN=B", "ÄRZTE")}, "warn dup-group-name A displayName\nwarn dup-group-name B displayName"},
	{"equal names block for AWS", "dup-group-name", "aws", []directory.Group{group("CN=A", "x"), group("CN=B", "X")}, "block dup-group-name A displayName\nblock dup-group-name B displayName"},
	{"Google: a name of 73", "too-long", "google", []directory.Group{group("CN=A", repeat("ä", 73))}, ""},
	{"Google: a name of 74", "too-long", "google", []directory.Group{group("CN=A", repeat("ä", 74))}, "warn too-long A displayName -> " + repeat("ä", 73)},
	{"Google: an ampersand", "bad-char", "google", []directory.Group{group("CN=A", "ä&b")}, "block bad-char A displayName -> äb"},
	{"AWS keeps a name", "reserved-name", "aws", []directory.Group{group("CN=A", "AWSAdministrators")}, "block reserved-name A displayName"},
	{"a group inside a group", "group-nested", "aws", []directory.Group{nested(group("CN=A", "ä"), "x")}, "warn group-nested A"},
	{"others take it", "group-nested", "", []directory.Group{nested(group("CN=A", "ä"), "x")}, ""},
	{"groups within each other", "group-loop", "", []directory.Group{nested(group("CN=A", "ä"), "CN=B"), nested(group("CN=B", "b"), "CN=A")}, "warn group-loop A member\nwarn group-loop B member"},
	{"members outside", "member-out-of-scope", "", []directory.Group{outside(group("CN=A", "ä"), 2)}, "info member-out-of-scope A"},
	{"no member outside", "member-out-of-scope", "", []directory.Group{group("CN=A", "ä")}, ""},
}

func group(rdn, name string) directory.Group {
	g := directory.Group{Anchor: directory.Anchor(rdn), DN: rdn + ",DC=example,DC=com"}
	if name != "" {
		g.Attributes = directory.AttributesOf(map[string][]string{"displayName": {name}})
	}
	return g
}

func nested(g directory.Group, within ...directory.Anchor) directory.Group {
	g.Groups = within
	return g
}

func outside(g directory.Group, n int) directory.Group {
	g.Outside = n
	return g
}

func TestEveryRuleOfGroups(t *testing.T) {
	for _, test := range groupCases {
		t.Run(test.rule+": "+test.name, func(t *testing.T) {
			c, err := New(Options{Profile: test.profile, Only: []string{test.rule}})
			if err != nil {
				t.Fatal(err)
			}
			c.Add(Source{ID: "corp", AD: true, Mapping: defaults(t, "ad")}, &directory.Snapshot{Groups: test.groups})
			if got := strings.Join(describe(c.Findings()), "\n"); got != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
}

func TestEveryRuleHasACase(t *testing.T) {
	covered := map[string]bool{"missing-id": true}
	for id := range cases {
		covered[id] = true
	}
	for _, c := range groupCases {
		covered[c.rule] = true
	}
	for _, r := range Table() {
		if !covered[r.ID] {
			t.Errorf("%s has no case", r.ID)
		}
	}
}

func TestAnEntryWithoutAStableID(t *testing.T) {
	c, err := New(Options{Only: []string{"missing-id"}})
	if err != nil {
		t.Fatal(err)
	}
	u := with(ada).user(t, 1)
	u.Anchor = ""
	c.Add(Source{ID: "corp", Mapping: defaults(t, "ad")}, &directory.Snapshot{Users: []directory.User{u}})
	if got := strings.Join(describe(c.Findings()), "\n"); got != "block missing-id User 1" {
		t.Errorf("got %s", got)
	}
}

// A login of an LDAP server is a word and not an address: what is a fault of
// an address is none of it.
func TestAPlainLoginIsNoAddress(t *testing.T) {
	for _, login := range []string{"ada", "ädä", "ada lovelace", "a..da", "a/b", repeat("a", 300), "ada@host"} {
		c, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		u := person{"uid": login, "cn": "Ada", "sn": "L", "givenName": "A", "mail": "a@example.com"}.user(t, 1)
		c.Add(Source{ID: "corp", Mapping: defaults(t, "ldap")}, &directory.Snapshot{Users: []directory.User{u}})
		if got := describe(c.Findings()); len(got) > 0 {
			t.Errorf("%s: %s", login, strings.Join(got, "; "))
		}
	}
}

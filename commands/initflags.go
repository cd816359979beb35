package commands

import (
	"strings"

	"github.com/urfave/cli/v2"
)

// answerKind is how a flag that answers a question is written.
type answerKind int

const (
	oneAnswer answerKind = iota
	manyAnswers
	yesOrNo
)

// initAnswers are the flags that answer questions. The name is the question's
// key.
var initAnswers = []struct {
	name, usage string
	kind        answerKind
}{
	{"source-id", "`ID` of the source to add or change: short, and permanent", oneAnswer},
	{"source-type", "the source's `TYPE`: ad or ldap; seen from the server when left out", oneAnswer},
	{"source-url", "the directory server's `URL` or name (ldaps://dc1.corp.example.com)", oneAnswer},
	{"domain", "or the DNS `DOMAIN` whose servers SRV records name", oneAnswer},
	{"forest", "also every other domain of the forest", yesOrNo},
	{"starttls", "encrypt an ldap:// connection with StartTLS", yesOrNo},
	{"ca-file", "PEM `FILE` of the authority that signs the directory's certificates", oneAnswer},
	{"pin-sha256", "`SHA256` of the directory server's certificate, instead of an authority", oneAnswer},
	{"bind-method", "`METHOD` of signing in: simple, kerberos, ntlm, external or anonymous", oneAnswer},
	{"bind-user", "`NAME` to sign in with (svc-adsync@corp.example.com, or a DN)", oneAnswer},
	{"password-file", "the password stands in `FILE`", oneAnswer},
	{"password-env", "the password stands in the environment variable `NAME`", oneAnswer},
	{"password-command", "the password is what `COMMAND` prints (repeat for arguments with spaces)", manyAnswers},
	{"keytab", "kerberos: keytab `FILE` instead of a password", oneAnswer},
	{"ccache", "kerberos: ticket cache `FILE` instead of a password; with none of them, the tickets of the account that runs adsync", oneAnswer},
	{"realm", "kerberos: the `REALM`, where it is not the domain's name", oneAnswer},
	{"kdc", "kerberos: `HOST` of the realm's key distribution centre, where DNS does not know it", oneAnswer},
	{"cert-file", "external: our certificate, PEM `FILE`", oneAnswer},
	{"key-file", "external: its private key, PEM `FILE`", oneAnswer},
	{"user-base", "only users below this `DN` (repeatable)", manyAnswers},
	{"user-filter", "only users that match this LDAP `FILTER`", oneAnswer},
	{"member-of", "only members of this `GROUP`, nested ones too (repeatable)", manyAnswers},
	{"groups", "send groups and their members too", yesOrNo},
	{"group-base", "only groups below this `DN` (repeatable)", manyAnswers},
	{"target-url", "SCIM base `URL` of the service", oneAnswer},
	{"target-auth", "`WAY` of signing in at the service: bearer, basic, oauth2, oauth2-key or none; seen from the other flags when left out", oneAnswer},
	{"token-file", "bearer: the service's token stands in `FILE`", oneAnswer},
	{"token-env", "bearer: the token stands in the environment variable `NAME`", oneAnswer},
	{"token-command", "bearer: the token is what `COMMAND` prints (repeat for arguments with spaces)", manyAnswers},
	{"target-user", "basic: the user `NAME` at the service", oneAnswer},
	{"target-password-file", "basic: the password stands in `FILE`", oneAnswer},
	{"target-password-env", "basic: the password stands in the environment variable `NAME`", oneAnswer},
	{"target-password-command", "basic: the password is what `COMMAND` prints", manyAnswers},
	{"token-url", "OAuth 2.0: `URL` that gives out tokens", oneAnswer},
	{"client-id", "OAuth 2.0: client `ID`", oneAnswer},
	{"client-scope", "OAuth 2.0: `SCOPE` to ask for (repeatable)", manyAnswers},
	{"client-audience", "OAuth 2.0: the `AUDIENCE`, where the service wants it", oneAnswer},
	{"client-secret-file", "OAuth 2.0: the client's secret stands in `FILE`", oneAnswer},
	{"client-secret-env", "OAuth 2.0: the client's secret stands in the environment variable `NAME`", oneAnswer},
	{"client-secret-command", "OAuth 2.0: the client's secret is what `COMMAND` prints", manyAnswers},
	{"client-key-file", "OAuth 2.0: or its private key, PEM `FILE`", oneAnswer},
	{"client-key-env", "OAuth 2.0: or its private key in the environment variable `NAME`", oneAnswer},
	{"client-key-command", "OAuth 2.0: or its private key as `COMMAND` prints it", manyAnswers},
	{"client-key-id", "OAuth 2.0: the key's `ID` (kid), where the service wants it", oneAnswer},
	{"target-ca-file", "PEM `FILE` of the authority that signs the service's certificate", oneAnswer},
	{"profile", "`NAME` of what the service does differently; guessed from its URL when left out", oneAnswer},
	{"proxy", "`URL` of the proxy to the service, system, or none (adsync proxy asks for more)", oneAnswer},
	{"proxy-user", "`NAME` to sign in at the proxy with", oneAnswer},
	{"proxy-password-file", "the password at the proxy stands in `FILE`", oneAnswer},
	{"proxy-password-env", "the password at the proxy stands in the environment variable `NAME`", oneAnswer},
	{"proxy-password-command", "the password at the proxy is what `COMMAND` prints", manyAnswers},
}

func initFlags() []cli.Flag {
	var flags []cli.Flag
	for _, a := range initAnswers {
		switch a.kind {
		case oneAnswer:
			flags = append(flags, &cli.StringFlag{Name: a.name, Usage: a.usage})
		case manyAnswers:
			flags = append(flags, &cli.StringSliceFlag{Name: a.name, Usage: a.usage})
		case yesOrNo:
			flags = append(flags, &cli.BoolFlag{Name: a.name, DisableDefaultText: true, Usage: a.usage})
		}
	}
	return append(flags,
		&cli.StringFlag{Name: "remove-source", Usage: "take the source `ID` out of the file"},
		&cli.BoolFlag{Name: "schedule", DisableDefaultText: true, Usage: "see to the schedule: print it, and install it with --yes or on request"},
		&cli.BoolFlag{Name: "unschedule", DisableDefaultText: true, Usage: "take the schedule away"},
		&cli.StringFlag{Name: "schedule-kind", Usage: "`KIND` of schedule: systemd, cron, launchd (macOS) or task (Windows); the one that is there, or the machine's own, when left out"},
		&cli.DurationFlag{Name: "every", Usage: "`TIME` between two runs: 30m, 2h, ...", DefaultText: "as it is, else 2h"},
		&cli.StringFlag{Name: "run-as", Usage: "`ACCOUNT` that the schedule runs under: a name, a gMSA, dynamic (systemd) or system (Windows)"},
		&cli.StringFlag{Name: "unit-dir", Usage: "write the schedule's files into `DIR` and leave starting them to you"},
		&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, DisableDefaultText: true, Usage: "ask nothing: flags and defaults answer"},
	)
}

// initFlagNames are the flags that answer questions, and the account's.
func initFlagNames() []string {
	names := []string{"run-as", "schedule"}
	for _, a := range initAnswers {
		names = append(names, a.name)
	}
	return names
}

// givenAnswers are the answers that the flags of a command line give.
func givenAnswers(c *cli.Context) map[string][]string {
	given := map[string][]string{}
	for _, a := range initAnswers {
		if !c.IsSet(a.name) {
			continue
		}
		switch a.kind {
		case oneAnswer:
			given[a.name] = []string{c.String(a.name)}
		case manyAnswers:
			given[a.name] = c.StringSlice(a.name)
		case yesOrNo:
			given[a.name] = []string{map[bool]string{true: "yes", false: "no"}[c.Bool(a.name)]}
		}
	}
	return given
}

// words are a command's words: as given one by one, or one text cut at its
// spaces.
func words(list []string) []string {
	if len(list) == 1 {
		return strings.Fields(list[0])
	}
	return list
}

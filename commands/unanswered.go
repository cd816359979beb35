package commands

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"adsync/commands/ask"
)

// instead are the flags that answer questions whose key is not itself one.
var instead = map[string]string{
	"reach": "--ca-file, --pin-sha256 or --starttls", "sign-in": "--bind-user and where its password is", "kerberos": "--keytab, --ccache or --password-file",
	"scope": "--user-base or --member-of", "empty": "--user-base or --member-of", "group-prefix": "--member-of", "more-groups": "--member-of",
	"group-scope": "--group-base", "service": "--target-url and where its token is", "account": "--run-as", "proxy": "--url, --system or --none", "install": "--schedule with --yes",
	"change": "the flags of what is to change", "sure": "--remove-source",
}

// withFlags names, in an error about a question, the flags that answer it.
func withFlags(err error, flags []string) error {
	var question *ask.Unanswered
	if !errors.As(err, &question) {
		return err
	}
	names := slices.DeleteFunc(slices.Clone(flags), func(name string) bool {
		form, isForm := strings.CutPrefix(name, question.Key)
		return !isForm || form != "" && form != "-file" && form != "-env" && form != "-command"
	})
	text := "--" + strings.Join(names, " or --")
	if len(names) == 0 {
		text = cmp.Or(instead[question.Key], "--yes")
	}
	return usage(err, fmt.Sprintf("the question was %q: answer it on a terminal, or give %s", question.Label, text))
}

package commands

import (
	"regexp"
	"testing"

	"github.com/urfave/cli/v2"
)

// Everybody on the machine can read the arguments of a process: no flag takes
// a secret, only the place where one is.
func TestNoFlagTakesASecret(t *testing.T) {
	secret := regexp.MustCompile(`password|token|secret|passphrase|private-key`)
	place := regexp.MustCompile(`-(file|env|command|keyring|url)$`)
	for _, command := range newApp(Env{Getenv: func(string) string { return "" }}).Commands {
		for _, flag := range command.Flags {
			value, ok := flag.(cli.DocGenerationFlag)
			for _, name := range flag.Names() {
				if ok && value.TakesValue() && secret.MatchString(name) && !place.MatchString(name) {
					t.Errorf("adsync %s --%s takes a secret itself", command.Name, name)
				}
			}
		}
	}
}

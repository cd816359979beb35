package commands_test

import (
	"fmt"
	"os"
	"testing"

	"adsync/commands"
	"adsync/ldapsrc/ldaptest/servers"
)

// asProgram names the environment variable that makes the test binary the
// program itself.
const asProgram = "ADSYNC_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(commands.Main(os.Args, commands.System(nil)))
	}
	if role := os.Getenv(asFloor); role != "" {
		if err := playFloor(role, os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(servers.Main(m))
}

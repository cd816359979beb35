package commands_test

import (
	"os"
	"testing"

	"adsync/ldapsrc/ldaptest/servers"
)

func TestMain(m *testing.M) { os.Exit(servers.Main(m)) }

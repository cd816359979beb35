package ldapsrc

import (
	"os"
	"testing"

	"adsync/ldapsrc/ldaptest/servers"
)

func TestMain(m *testing.M) {
	if url := os.Getenv(readingEnv); url != "" {
		os.Exit(readForBenchmark(url))
	}
	os.Exit(servers.Main(m))
}

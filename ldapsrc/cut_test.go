package ldapsrc

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"adsync/ldapsrc/ldaptest/servers"
)

// TestACutAnywhereIsNeverAPart cuts the connections to real servers after more
// and more bytes: what is read is the whole or nothing.
func TestACutAnywhereIsNeverAPart(t *testing.T) {
	endings := map[string]servers.Ending{"closed": servers.Close, "reset": servers.Reset, "silent": servers.Silence}
	try := func(t *testing.T, cfg Config, cutter *servers.Cutter, cuts ...int64) {
		whole := show(mustRead(t, cfg, wantAll))
		parts := 0
		for name, ending := range endings {
			for _, after := range cuts {
				t.Run(fmt.Sprintf("%s after %d bytes", name, after), func(t *testing.T) {
					cutter.Set(servers.Fault{After: after, Then: ending})
					defer cutter.Set(servers.Fault{})
					s, ok := read(t, cfg, wantAll).Snapshot()
					if !ok {
						parts++
						return
					}
					same(t, show(s), whole)
				})
			}
		}
		if parts < len(endings)*(len(cuts)-1) {
			t.Errorf("only %d of the readings were cut", parts)
		}
	}
	t.Run("slapd", func(t *testing.T) {
		server := servers.StartSlapd(t, servers.SlapdOptions{LDIF: servers.Company(400, 20)})
		cutter := servers.StartCutter(t, strings.TrimPrefix(server.URL(), "ldap://"))
		cfg := companyConfig(server)
		cfg.URLs, cfg.Timeout = []string{"ldap://" + cutter.Addr()}, 400*time.Millisecond
		try(t, cfg, cutter, 0, 14, 700, 20000, 60000, 200000)
	})
	t.Run("Samba", func(t *testing.T) {
		server := servers.SharedSamba(t)
		cutter := servers.StartCutter(t, server.Addr()+":636")
		cfg := *sambaConfig(server, "ldaps")
		cfg.Groups.Sync, cfg.Users.BuiltIn, cfg.Timeout = true, true, 600*time.Millisecond
		cfg.Hosts = map[string]string{server.Host(): cutter.Addr()}
		try(t, cfg, cutter, 5000, 20000)
	})
}

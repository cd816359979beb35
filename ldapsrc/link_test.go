package ldapsrc

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"adsync/ldapsrc/directory"
	"adsync/ldapsrc/ldaptest/servers"
)

func people(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "dn: uid=u%05d,ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: u%05d\ncn: User %d\nsn: %d\nmail: u%05d@example.com\ntitle: Engineer\nemployeeNumber: %d\ndescription:: w7ZsIA==\n\n", i, i, i, i, i, i)
	}
	return b.String()
}

func slapdConfig(s *servers.Slapd) *Config {
	return &Config{ID: "corp", Type: LDAP, URLs: []string{s.URL()}, Timeout: 5 * time.Second,
		Bind: Bind{Username: servers.SlapdReaderDN, Password: servers.SlapdReaderPassword}}
}

func TestSearchReadsEveryEntryOfSlapd(t *testing.T) {
	s := servers.StartSlapd(t, servers.SlapdOptions{LDIF: people(2500)})
	cfg := slapdConfig(s)
	addrs, err := locateServers(t.Context(), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := dial(context.Background(), cfg, &Env{}, addrs[0])
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	seen := map[string]bool{}
	st, err := l.search(t.Context(), request{base: servers.SlapdPeople, scope: 2, filter: "(uid=*)", names: directory.NewNames("uid", "mail", "entryUUID")},
		func(e *entry) error { seen[string(e.first(0))] = true; return nil })
	if err != nil || st.entries != 2500 || len(seen) != 2500 || st.pages != 3 {
		t.Fatal(st, err, len(seen))
	}
	st, err = l.search(t.Context(), request{base: servers.SlapdPeople, scope: 2, filter: "(uid=*)", names: directory.NewNames("uid"), pageSize: 5000},
		func(e *entry) error { return nil })
	if err != nil || st.entries != 2500 || st.pages != 5 {
		t.Fatal(st, err)
	}
}

package commands

import (
	"bufio"
	"context"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// lookUp is how long a question to DNS may take.
const lookUp = 3 * time.Second

// isDomain reports whether DNS names directory servers of a domain.
func (w *wizard) isDomain(ctx context.Context, name string) bool {
	if net.ParseIP(name) != nil || strings.Contains(name, ":") {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, lookUp)
	defer cancel()
	defer w.progress.waiting("asking DNS about " + name)()
	resolver := w.dns
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	for _, at := range []string{"dc._msdcs." + name, name} {
		if _, records, err := resolver.LookupSRV(ctx, "ldap", "tcp", at); err == nil && len(records) > 0 {
			return true
		}
	}
	return false
}

// suggestDomain is the machine's own domain, if it has a directory.
func (w *wizard) suggestDomain(ctx context.Context) string {
	for _, name := range w.suffixes() {
		if w.isDomain(ctx, name) {
			return name
		}
	}
	return ""
}

// machineDomains lists the DNS domains that this machine is in or searches.
func machineDomains(env Env) func() []string {
	return func() []string {
		list := []string{env.Getenv("USERDNSDOMAIN")}
		if name, err := os.Hostname(); err == nil {
			_, domain, _ := strings.Cut(name, ".")
			list = append(list, domain)
		}
		if runtime.GOOS != "windows" {
			list = append(list, searchList("/etc/resolv.conf")...)
		}
		var names []string
		for _, name := range list {
			name = strings.ToLower(strings.TrimSuffix(name, "."))
			if strings.Contains(name, ".") && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		return names[:min(len(names), 3)]
	}
}

// searchList are the domains that a resolv.conf searches.
func searchList(path string) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	var list []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) > 1 && (fields[0] == "search" || fields[0] == "domain") {
			list = append(list, fields[1:]...)
		}
	}
	return list
}

// dnsName is the DNS name of a naming context, dc=corp,dc=example,dc=com; ""
// where it has none (RFC 2247).
func dnsName(base string) string {
	var labels []string
	for part := range strings.SplitSeq(base, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if !strings.EqualFold(name, "dc") {
			return ""
		}
		labels = append(labels, strings.ToLower(value))
	}
	return strings.Join(labels, ".")
}

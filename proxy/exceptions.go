package proxy

import (
	"fmt"
	"net"
	"net/netip"
	"path"
	"strings"

	"golang.org/x/net/idna"
)

// exceptions are the targets reached without the proxy.
type exceptions []exception

// exception is one entry of NO_PROXY. Of the first five exactly one is set.
type exception struct {
	all     bool
	local   bool         // a name without a dot
	network netip.Prefix // an address is a network of one
	name    string       // that host and all below it; with a leading dot only those below
	glob    string       // Windows: 10.*, www.*.example.com
	port    string       // empty: every port
}

func parseExceptions(list []string) (exceptions, error) {
	var all exceptions
	for _, text := range list {
		text = strings.ToLower(strings.TrimSpace(text))
		if text == "" {
			continue
		}
		e, err := parseException(text)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

func parseException(text string) (exception, error) {
	if strings.ContainsAny(text, " ,;@\\") || strings.Contains(text, "://") {
		return exception{}, fmt.Errorf("proxy.no_proxy: %q is not one host, .suffix, address or range", text)
	}
	switch text {
	case "*":
		return exception{all: true}, nil
	case "<local>":
		return exception{local: true}, nil
	}
	if network, err := netip.ParsePrefix(text); err == nil {
		return exception{network: network.Masked()}, nil
	}
	if strings.Contains(text, "/") {
		return exception{}, fmt.Errorf("proxy.no_proxy: %q is not a range such as 10.0.0.0/8", text)
	}
	var e exception
	if host, port, err := net.SplitHostPort(text); err == nil {
		text, e.port = host, port
	}
	if addr, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		addr = addr.Unmap().WithZone("")
		e.network = netip.PrefixFrom(addr, addr.BitLen())
		return e, nil
	}
	if rest, ok := strings.CutPrefix(text, "*."); ok {
		text = "." + rest
	}
	if strings.Contains(text, "*") {
		if _, err := path.Match(text, ""); err != nil {
			return exception{}, fmt.Errorf("proxy.no_proxy: %q is not a pattern", text)
		}
		e.glob = text
		return e, nil
	}
	e.name = asciiName(text)
	return e, nil
}

func (list exceptions) match(host, port string) bool {
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	isAddr := err == nil
	addr = addr.Unmap().WithZone("")
	host = asciiName(host)
	for _, e := range list {
		if e.port != "" && e.port != port {
			continue
		}
		switch {
		case e.all,
			e.local && !isAddr && !strings.Contains(host, "."),
			e.network.IsValid() && isAddr && e.network.Contains(addr),
			e.name != "" && !isAddr && e.below(host):
			return true
		case e.glob != "":
			if ok, _ := path.Match(e.glob, host); ok {
				return true
			}
		}
	}
	return false
}

// below reports whether host is the entry's name or under it, as curl and Go
// read NO_PROXY.
func (e exception) below(host string) bool {
	if strings.HasPrefix(e.name, ".") {
		return strings.HasSuffix(host, e.name)
	}
	return host == e.name || strings.HasSuffix(host, "."+e.name)
}

// asciiName is a host as DNS compares it: lower case, A-labels, no final dot.
func asciiName(host string) string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	leading := strings.HasPrefix(host, ".")
	if ascii, err := idna.Lookup.ToASCII(strings.TrimPrefix(host, ".")); err == nil {
		host = ascii
		if leading {
			host = "." + host
		}
	}
	return host
}

func isLoopback(host string) bool {
	if asciiName(host) == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.Unmap().IsLoopback()
}

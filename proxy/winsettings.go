package proxy

import (
	"encoding/binary"
	"strings"
)

// windowsSetting is one of the places where Windows keeps a proxy.
type windowsSetting struct {
	from   string
	server string // host:port, or http=host:port;https=host:port;socks=host:port
	bypass []string
	script string
}

// forScheme is the proxy for targets of a scheme, as a URL, empty for none.
func (w windowsSetting) forScheme(scheme string) string {
	if w.server == "" {
		return ""
	}
	var socks string
	for _, part := range strings.FieldsFunc(w.server, func(r rune) bool { return r == ';' || r == ' ' }) {
		kind, server, found := strings.Cut(part, "=")
		switch {
		case !found && scheme == "socks":
		case !found:
			return part
		case strings.EqualFold(kind, scheme) && scheme != "socks":
			return server
		case strings.EqualFold(kind, "socks"):
			socks = "socks5://" + strings.TrimPrefix(server, "socks://")
		}
	}
	return socks
}

// winHTTP reads the value WinHttpSettings that "netsh winhttp set proxy" writes:
// version, counter and flags, then proxy and bypass list, each with its length
// in front, all numbers little-endian. Bit 2 of the flags says a proxy is set.
func winHTTP(value []byte) (server string, bypass []string) {
	if len(value) < 12 || binary.LittleEndian.Uint32(value[8:])&2 == 0 {
		return "", nil
	}
	server, rest := lengthAndText(value[12:])
	list, _ := lengthAndText(rest)
	return server, splitNoProxy(list)
}

func lengthAndText(value []byte) (text string, rest []byte) {
	if len(value) < 4 {
		return "", nil
	}
	n, value := binary.LittleEndian.Uint32(value), value[4:]
	if uint64(n) > uint64(len(value)) {
		return "", nil
	}
	return string(value[:n]), value[n:]
}

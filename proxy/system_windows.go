package proxy

import (
	"golang.org/x/sys/windows/registry"
)

const (
	internetSettings = `Software\Microsoft\Windows\CurrentVersion\Internet Settings`
	internetPolicy   = `Software\Policies\Microsoft\Windows\CurrentVersion\Internet Settings`
)

// windowsSettings are those of the account that runs the program, or the
// machine's where policy says so, then WinHTTP's, which services use.
func windowsSettings() []windowsSetting {
	var found []windowsSetting
	root, from := registry.CURRENT_USER, "Windows proxy settings of this account"
	if number(registry.LOCAL_MACHINE, internetPolicy, "ProxySettingsPerUser", 1) == 0 {
		root, from = registry.LOCAL_MACHINE, "Windows proxy settings of this machine"
	}
	w := windowsSetting{from: from, script: text(root, internetSettings, "AutoConfigURL")}
	if number(root, internetSettings, "ProxyEnable", 0) == 1 {
		w.server = text(root, internetSettings, "ProxyServer")
		w.bypass = splitNoProxy(text(root, internetSettings, "ProxyOverride"))
	}
	if w.server != "" || w.script != "" {
		found = append(found, w)
	}
	server, bypass := winHTTP(blob(registry.LOCAL_MACHINE, internetSettings+`\Connections`, "WinHttpSettings"))
	if server != "" {
		found = append(found, windowsSetting{from: "WinHTTP settings (netsh winhttp show proxy)", server: server, bypass: bypass})
	}
	return found
}

// value reads a value of the registry. One that is missing, or cannot be read,
// counts as not set.
func value[T any](root registry.Key, path, name string, get func(registry.Key, string) (T, uint32, error), unset T) T {
	key, err := registry.OpenKey(root, path, registry.QUERY_VALUE)
	if err != nil {
		return unset
	}
	defer func() { _ = key.Close() }()
	set, _, err := get(key, name)
	if err != nil {
		return unset
	}
	return set
}

func text(root registry.Key, path, name string) string {
	return value(root, path, name, registry.Key.GetStringValue, "")
}

func number(root registry.Key, path, name string, unset uint64) uint64 {
	return value(root, path, name, registry.Key.GetIntegerValue, unset)
}

func blob(root registry.Key, path, name string) []byte {
	return value(root, path, name, registry.Key.GetBinaryValue, nil)
}

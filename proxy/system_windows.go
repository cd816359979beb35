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

// A value that is missing or cannot be read counts as not set.

func text(root registry.Key, path, name string) string {
	key, err := registry.OpenKey(root, path, registry.QUERY_VALUE)
	if err != nil {
		return ""
	}
	defer func() { _ = key.Close() }()
	value, _, _ := key.GetStringValue(name)
	return value
}

func number(root registry.Key, path, name string, missing uint64) uint64 {
	key, err := registry.OpenKey(root, path, registry.QUERY_VALUE)
	if err != nil {
		return missing
	}
	defer func() { _ = key.Close() }()
	value, _, err := key.GetIntegerValue(name)
	if err != nil {
		return missing
	}
	return value
}

func blob(root registry.Key, path, name string) []byte {
	key, err := registry.OpenKey(root, path, registry.QUERY_VALUE)
	if err != nil {
		return nil
	}
	defer func() { _ = key.Close() }()
	value, _, _ := key.GetBinaryValue(name)
	return value
}

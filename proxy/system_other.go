//go:build !windows

package proxy

// windowsSettings are none elsewhere.
func windowsSettings() []windowsSetting { return nil }

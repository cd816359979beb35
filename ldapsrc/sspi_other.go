//go:build !windows

package ldapsrc

const runningAccountNeedsTLS = false

// bindRunningAccount does nothing here: the credentials cache of the running
// account is read as any other.
func (l *link) bindRunningAccount() (done bool, err error) { return false, nil }

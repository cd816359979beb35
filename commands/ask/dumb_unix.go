//go:build !windows

package ask

// dumb reports whether a terminal of that name cannot move its cursor.
func dumb(term string) bool { return term == "" || term == "dumb" }

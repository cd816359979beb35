package ask

// dumb reports whether a terminal of that name cannot move its cursor. The
// Windows console can and sets no TERM.
func dumb(term string) bool { return term == "dumb" }

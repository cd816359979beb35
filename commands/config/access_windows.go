package config

import "os"

// openToOthers looks at nothing on Windows, where a file has an access list
// that it inherits from its folder.
func openToOthers(string) string { return "" }

// readableByOthers looks at nothing on Windows, where the mode is made up.
func readableByOthers(os.FileInfo) bool { return false }

// Command adsync keeps a cloud service's users and groups in step with a
// company's Active Directory or LDAP server.
package main

import (
	"embed"
	"io/fs"
	"os"
	"runtime/debug"

	"adsync/commands"
)

//go:embed testdata/demo
var demo embed.FS

// garbage is how many percent of what is in use may be garbage before it is
// collected. What is read of a company stays until the end of the run, so that
// the usual 100 would mostly double the memory; docs/performance.md has what
// it costs. The environment's GOGC goes before.
const garbage = 50

func main() { os.Exit(run()) }

// run is the program up to its exit code.
func run() int {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	files, err := fs.Sub(demo, "testdata/demo")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return commands.Main(os.Args, commands.System(files))
}

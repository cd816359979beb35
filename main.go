// Command adsync keeps a cloud service's users and groups in step with a
// company's Active Directory or LDAP server.
package main

import (
	"embed"
	"io/fs"
	"os"

	"adsync/commands"
)

//go:embed testdata/demo
var demo embed.FS

func main() { os.Exit(run()) }

// run is the program up to its exit code.
func run() int {
	files, err := fs.Sub(demo, "testdata/demo")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return commands.Main(os.Args, commands.System(files))
}

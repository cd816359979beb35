// Package commands is the command line: it parses flags, loads the
// configuration, calls the parts in order and says what happened. What a
// command does stands in its run function, which knows nothing of the
// library that parses its flags.
package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"
)

// Env is what a command takes from the world around it.
type Env struct {
	Stdin          *os.File
	Stdout, Stderr io.Writer
	Terminal       *os.File // standard error where it is a terminal, else nil
	Getenv         func(string) string
	Now            func() time.Time
	Demo           fs.FS // the directory that demo serves

	sleep    func(context.Context, time.Duration) error // how requests wait for their next try; nil is a timer
	pause    func(context.Context, time.Duration) error // how a run is put off; nil is a timer
	program  string                                     // instead of the process's own file, in a schedule
	crontabs []string                                   // folders of crontabs; nil for the system's
	progress *progress                                  // of the run; nil where none is shown
	system   systemLog                                  // of the operating system; nil where there is none
}

// System is the environment of a real process.
func System(demo fs.FS) Env {
	env := Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Getenv: os.Getenv, Now: time.Now, Demo: demo,
	}
	if isTerminal(os.Stderr) {
		env.Terminal = os.Stderr
	}
	env.system = openSystemLog(os.Stderr, os.Getenv)
	return env
}

// Main runs the command that the arguments name and returns the exit code.
// An interrupt or a request to end cancels what is under way; a second one
// ends the process at once. A result that cannot be written is a failure.
func Main(args []string, env Env) int {
	ctx, stop := signal.NotifyContext(context.Background(), endSignals()...)
	defer stop()
	context.AfterFunc(ctx, stop)
	// A run is not to end half way because nobody reads its output any more.
	signal.Ignore(syscall.SIGPIPE)
	result := &resultWriter{w: env.Stdout}
	env.Stdout = result
	code := execute(ctx, args, env)
	if err := result.lost(); err != nil {
		fmt.Fprintf(env.Stderr, "adsync: write the result: %v\n", err)
		code = worst(code, ExitFailure)
	}
	return code
}

// endSignals are the requests to end. On Windows the runtime sends SIGTERM
// when the console is closed, the user logs off or the machine shuts down.
// What nohup has set to be ignored stays so.
func endSignals() []os.Signal {
	list := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		list = append(list, syscall.SIGHUP)
	}
	return list
}

// execute is Main without the process's signals.
func execute(ctx context.Context, args []string, env Env) int {
	app := newApp(env)
	args, wantsJSON, err := arrange(app, args)
	if err == nil {
		err = app.RunContext(ctx, args)
	}
	if err == nil {
		return ExitOK
	}
	f := failureOf(err)
	if !f.Told {
		tell(env, f, wantsJSON)
	}
	return f.Code
}

// tell shows an error and its hint on stderr, and as an object on stdout
// where the output is JSON.
func tell(env Env, f *Failure, asJSON bool) {
	if asJSON {
		writeJSON(env.Stdout, errorObject{Type: "error", Message: f.Err.Error(), Hint: f.Hint, Exit: f.Code})
	}
	var text strings.Builder
	for line := range strings.Lines(f.Err.Error()) {
		fmt.Fprintf(&text, "adsync: %s\n", strings.TrimRight(line, "\n"))
	}
	if f.Hint != "" {
		fmt.Fprintf(&text, "adsync: hint: %s\n", f.Hint)
	}
	env.complain(text.String())
}

func newApp(env Env) *cli.App {
	app := &cli.App{
		Name:                  "adsync",
		Usage:                 "keep a cloud service's users and groups in step with Active Directory or LDAP",
		Version:               version(),
		Writer:                env.Stdout,
		ErrWriter:             env.Stderr,
		HideHelpCommand:       true,
		EnableBashCompletion:  false,
		Suggest:               true,
		Flags:                 globalFlags(),
		Commands:              allCommands(env),
		CustomAppHelpTemplate: appHelp,
		// Exit codes are mapped in one place; the library must not end the
		// process, nor print usage to stdout.
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   usageError,
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usage(fmt.Errorf("unknown command %q", c.Args().First()), `run "adsync --help" for the list`)
			}
			return cli.ShowAppHelp(c)
		},
	}
	app.DisableSliceFlagSeparator = true // a DN holds commas
	return app
}

// dashes writes flags as the help does, where the library does not.
var dashes = strings.NewReplacer("for flag -", "for flag --", "not defined: -", "not defined: --")

func usageError(_ *cli.Context, err error, _ bool) error {
	text := dashes.Replace(err.Error())
	if before, isTime := strings.CutSuffix(text, ": parse error"); isTime { // only durations are parsed so
		return usage(errors.New(before), "write a time as 90s, 20m or 2h")
	}
	return usage(errors.New(text), `run "adsync --help" for the flags`)
}

func allCommands(env Env) []*cli.Command {
	list := []*cli.Command{
		initCommand(env),
		proxyCommand(env),
		syncCommand(env),
		statusCommand(env),
		explainCommand(env),
		purgeCommand(env),
		checkCommand(env),
		demoCommand(env),
	}
	for _, c := range list {
		c.Flags = append(c.Flags, globalFlags()...)
		c.OnUsageError = usageError
		c.CustomHelpTemplate = commandHelp
		c.HideHelpCommand = true
	}
	return list
}

// version is the module's version as the Go tool stamped it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(unknown)"
	}
	return info.Main.Version
}

// noArguments refuses stray words: a mistyped flag must not be ignored.
func noArguments(c *cli.Context) error {
	if !c.Args().Present() {
		return nil
	}
	return usage(fmt.Errorf("unexpected argument %q", c.Args().First()),
		fmt.Sprintf(`"adsync %s" takes flags only; run "adsync %s --help"`, c.Command.Name, c.Command.Name))
}

// oneArgument returns the single argument that a command takes.
func oneArgument(c *cli.Context, what string) (string, error) {
	err := fmt.Errorf("%s wants one %s, got %d arguments", c.Command.Name, what, c.Args().Len())
	if c.Args().Len() == 1 {
		if strings.TrimSpace(c.Args().First()) != "" {
			return c.Args().First(), nil
		}
		err = fmt.Errorf("%s: the %s is empty", c.Command.Name, what)
	}
	return "", usage(err, fmt.Sprintf(`run "adsync %s --help"`, c.Command.Name))
}

const exitHelp = `
EXIT STATUS:
   0 in sync or applied; 1 failure; 2 usage or configuration; 3 some changes failed or entries
   quarantined; 4 changes pending (--dry-run --exit-code); 5 removals withheld; 6 not the plan
   expected; 10 a source not read completely; 11 the target not reached or not proven;
   12 another run is under way; 130 interrupted.
`

const appHelp = `NAME:
   {{.Name}} - {{.Usage}}

USAGE:
   adsync [global options] command [options]

COMMANDS:{{range .VisibleCommands}}
   {{.Name}}{{"\t"}}{{.Usage}}{{end}}

   -i, -p and -s are short for init, proxy and sync.

GLOBAL OPTIONS:{{range .VisibleFlags}}
   {{.}}{{end}}

EXAMPLE:
   adsync init
   adsync sync --dry-run
   adsync sync
` + exitHelp

const commandHelp = `NAME:
   adsync {{.Name}} - {{.Usage}}

USAGE:
   adsync {{.Name}} [options]{{if .ArgsUsage}} {{.ArgsUsage}}{{end}}
{{if .Description}}
{{.Description}}
{{end}}
OPTIONS:{{range .VisibleFlags}}
   {{.}}{{end}}
` + exitHelp

package commands

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// globalFlags are accepted before and after the command's name.
func globalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "config", Aliases: []string{"c"}, Usage: "the configuration `FILE` (ADSYNC_CONFIG; default ./adsync.yaml, else the system's folder)"},
		&cli.StringFlag{Name: "log-level", Usage: "`LEVEL` of log lines: debug, info, warn or error"},
		&cli.StringFlag{Name: "log-format", Usage: "`FORMAT` of log lines: text or json"},
		&cli.BoolFlag{Name: "quiet", DisableDefaultText: true, Aliases: []string{"q"}, Usage: "print problems only"},
		&cli.BoolFlag{Name: "verbose", DisableDefaultText: true, Usage: "log each search as an ldapsearch line and each request"},
		&cli.BoolFlag{Name: "json", DisableDefaultText: true, Usage: "print one JSON object a line on stdout"},
		&cli.BoolFlag{Name: "no-color", DisableDefaultText: true, Usage: "no colours (NO_COLOR)"},
	}
}

// globalOptions are the values of the global flags.
type globalOptions struct {
	Config    string
	LogLevel  string
	LogFormat string
	Quiet     bool
	Verbose   bool
	JSON      bool
	NoColor   bool
}

// globals reads the global flags, whichever side of the command they are on.
func globals(c *cli.Context, env Env) (globalOptions, error) {
	text := func(name string) string {
		for _, level := range c.Lineage() {
			if slices.Contains(level.LocalFlagNames(), name) {
				return level.String(name)
			}
		}
		return ""
	}
	given := func(name string) bool {
		for _, level := range c.Lineage() {
			if slices.Contains(level.LocalFlagNames(), name) {
				return level.Bool(name)
			}
		}
		return false
	}
	g := globalOptions{
		Config: text("config"), LogLevel: text("log-level"), LogFormat: text("log-format"),
		Quiet: given("quiet"), Verbose: given("verbose"), JSON: given("json"),
		NoColor: given("no-color") || env.Getenv("NO_COLOR") != "",
	}
	for _, level := range c.Lineage() {
		// Another configuration than was meant would be used.
		if slices.Contains(level.LocalFlagNames(), "config") && g.Config == "" {
			return g, usage(errors.New("--config: no value is given"), "")
		}
	}
	if g.Config == "" {
		g.Config = env.Getenv("ADSYNC_CONFIG")
	}
	if l := g.LogLevel; l != "" && !slices.Contains([]string{"debug", "info", "warn", "error"}, l) {
		return g, usage(fmt.Errorf("--log-level: %q is not a level", l), "use debug, info, warn or error")
	}
	if f := g.LogFormat; f != "" && f != "text" && f != "json" {
		return g, usage(fmt.Errorf("--log-format: %q is not a format", f), "use text or json")
	}
	if g.Quiet && g.Verbose {
		return g, usage(fmt.Errorf("--quiet and --verbose exclude each other"), "")
	}
	return g, nil
}

// flagsOnly is the action of a command that takes flags and no words: a stray
// one must not be ignored.
func flagsOnly(env Env, run func(*cli.Context, globalOptions) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		g, err := globals(c, env)
		if err != nil {
			return err
		}
		if err := noArguments(c); err != nil {
			return err
		}
		return run(c, g)
	}
}

// flagsAndOne is the action of a command that takes flags and one word.
func flagsAndOne(env Env, what string, run func(c *cli.Context, g globalOptions, word string) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		g, err := globals(c, env)
		if err != nil {
			return err
		}
		word, err := oneArgument(c, what)
		if err != nil {
			return err
		}
		return run(c, g, word)
	}
}

// short are the model's spellings of commands.
var short = map[string]string{"-i": "init", "-p": "proxy", "-s": "sync"}

// arrange puts the arguments in the order that the library reads: -i, -p and
// -s become commands, and flags come before what is not a flag, since the
// library would take everything after the first word for words.
func arrange(app *cli.App, args []string) (arranged []string, wantsJSON bool, err error) {
	if len(args) == 0 {
		return args, false, nil
	}
	takes := map[string]bool{}
	learn := func(flags []cli.Flag) {
		for _, f := range flags {
			v, ok := f.(cli.DocGenerationFlag)
			for _, name := range f.Names() {
				takes[name] = ok && v.TakesValue()
			}
		}
	}
	learn(app.Flags)
	var before, flags, words []string
	var command *cli.Command
	help := false // "help sync" is "sync --help"
	rest := args[1:]
	for len(rest) > 0 {
		arg := rest[0]
		rest = rest[1:]
		if command == nil && short[arg] != "" {
			arg = short[arg]
		}
		if command == nil && arg == "help" {
			help = true
			continue
		}
		if arg == "--" {
			words = append(words, rest...)
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			if command == nil {
				if command = app.Command(arg); command == nil {
					return append([]string{args[0]}, append([]string{arg}, rest...)...), wantsJSON, nil
				}
				before, flags = append(flags, arg), nil
				learn(command.Flags)
			} else {
				words = append(words, arg)
			}
			continue
		}
		flags = append(flags, arg)
		name, value, joined := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if name == "json" && (!joined || value == "true") {
			wantsJSON = true
		}
		if takes[name] && !joined && len(rest) > 0 {
			flags = append(flags, rest[0])
			rest = rest[1:]
		}
	}
	arranged = append([]string{args[0]}, before...)
	arranged = append(arranged, flags...)
	if help {
		arranged = append(arranged, "--help")
	}
	if len(words) > 0 {
		arranged = append(arranged, "--")
	}
	return append(arranged, words...), wantsJSON, nil
}

// givenValues refuses flags that are given without a value: a script whose
// variable is empty must not run without what the flag was to guard.
func givenValues(c *cli.Context, names ...string) error {
	for _, name := range names {
		if c.IsSet(name) && c.String(name) == "" {
			return usage(fmt.Errorf("--%s: no value is given", name), "")
		}
	}
	return nil
}

package commands

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"
)

type demoOptions struct {
	globalOptions
	Keep bool
}

func demoCommand(env Env) *cli.Command {
	return &cli.Command{
		Name:  "demo",
		Usage: "a directory and a SCIM service inside the process, and the real commands run against them",
		Description: `   Needs nothing and leaves nothing behind. With --keep both servers go on running until Ctrl-C,
   and the configuration's path is printed, so that one can play.

EXAMPLE:
   adsync demo
   adsync demo --keep`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "keep", DisableDefaultText: true, Usage: "leave both servers running and print the configuration's path"},
		},
		Action: flagsOnly(env, func(c *cli.Context, g globalOptions) error {
			return runDemo(c.Context, env, demoOptions{globalOptions: g, Keep: c.Bool("keep")})
		}),
	}
}

// demo is one showing: the company, and what has been said so far.
type demo struct {
	*company
	env Env
}

// demoStep is one command of the showing, and what must come of it.
type demoStep struct {
	say   string
	edit  func(*company) error // what happens in the company before it
	args  []string
	exit  int
	whole bool // the output is shown to the last line
	check func(*company) error
}

// runDemo shows the main job from an empty service to a mass departure. It
// fails when any step does not do what it says.
func runDemo(ctx context.Context, env Env, o demoOptions) error {
	c, err := openCompany(env.Demo)
	if err != nil {
		return err
	}
	defer c.close()
	d := &demo{company: c, env: env}
	d.say("A company of about 300 people: its Active Directory (%s) and its", c.ldap.LDAPSURL())
	d.say("SCIM service (%s) run inside this process. The configuration:", c.scim.URL())
	d.say("")
	text, err := os.ReadFile(c.configPath())
	if err != nil {
		return err
	}
	fmt.Fprint(env.Stdout, indent(string(text)))
	for _, step := range demoSteps() {
		if err := d.run(ctx, step); err != nil {
			return err
		}
	}
	if o.Keep {
		d.say("")
		d.say("Both servers go on until Ctrl-C. In another terminal:")
		d.say("")
		d.say("    adsync --config %s sync --dry-run", c.configPath())
		<-ctx.Done()
	}
	return nil
}

func (d *demo) say(format string, args ...any) {
	fmt.Fprintf(d.env.Stdout, format+"\n", args...)
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ") + "\n"
}

// run shows one step: what it is about, the command as one would type it, its
// output, and whether it did what it was to do.
func (d *demo) run(ctx context.Context, s demoStep) error {
	d.say("\n── %s", s.say)
	if s.edit != nil {
		if err := s.edit(d.company); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	d.say("\n$ adsync %s", strings.Join(s.args, " "))
	d.scim.ResetRequests()
	var output bytes.Buffer
	env := d.env
	env.Stdout, env.Stderr, env.Terminal = &output, &output, nil
	args := append([]string{"adsync", "--config", d.configPath()}, s.args...)
	exit := execute(ctx, args, env)
	text := strings.ReplaceAll(output.String(), " --config "+d.configPath(), "")
	if s.whole {
		fmt.Fprint(d.env.Stdout, text)
	} else {
		excerpt(d.env.Stdout, text)
	}
	d.say("(exit %d)", exit)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if exit != s.exit {
		return fmt.Errorf("demo: adsync %s: exit code %d, expected %d", strings.Join(s.args, " "), exit, s.exit)
	}
	if s.check == nil {
		return nil
	}
	if err := s.check(d.company); err != nil {
		return fmt.Errorf("demo: after adsync %s: %w", strings.Join(s.args, " "), err)
	}
	return nil
}

// excerpt shows the beginning and the end of a long output.
func excerpt(w io.Writer, text string) {
	const head, tail = 9, 5
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) > head+tail+1 {
		cut := fmt.Sprintf("  ... %d more lines ...", len(lines)-head-tail)
		lines = append(append(append([]string{}, lines[:head]...), cut), lines[len(lines)-tail:]...)
	}
	for _, line := range lines {
		if r := []rune(line); len(r) > 160 {
			line = string(r[:157]) + "..."
		}
		fmt.Fprintln(w, line)
	}
}

// demoSteps are the showing. Two accounts share one login and one has none:
// those three are left out all the time, which is why a good run ends with 3.
func demoSteps() []demoStep {
	return []demoStep{{
		say:   "Are both sides there, and what is ours at the service? Nothing yet.",
		args:  []string{"status"},
		whole: true,
		check: (*company).nothingWritten,
	}, {
		say:   "What would be done? A dry run reads both sides and writes nothing.",
		args:  []string{"sync", "--dry-run"},
		exit:  ExitPartial,
		check: (*company).nothingWritten,
	}, {
		say:   "The first run creates everybody. Accounts that cannot be right are left out, and named (exit 3).",
		args:  []string{"sync"},
		exit:  ExitPartial,
		check: (*company).inStep,
	}, {
		say:   "Once more: nothing to do.",
		args:  []string{"sync"},
		exit:  ExitPartial,
		check: (*company).nothingWritten,
	}, {
		say:   "Some people join, leave, change team and marry.",
		edit:  (*company).aQuietWeek,
		args:  []string{"sync"},
		exit:  ExitPartial,
		check: (*company).inStep,
	}, {
		say:   "Somebody deletes the whole sales department. Nobody is locked out: the removals are withheld (exit 5).",
		edit:  (*company).salesVanishes,
		args:  []string{"sync"},
		exit:  ExitWithheld,
		check: (*company).inStep,
	}}
}

func (c *company) configPath() string { return filepath.Join(c.dir, "adsync.yaml") }

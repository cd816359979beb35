package commands

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"adsync/commands/rules"

	"github.com/urfave/cli/v2"
)

// checkOptions are the flags of check.
type checkOptions struct {
	globalOptions
	Profile    string
	Attributes []string
	Rules      []string
	Sources    []string
	Suffixes   []string
	CSV        string
	Fix        string
	FromCSV    string
}

func checkCommand(env Env) *cli.Command {
	return &cli.Command{
		Name:  "check",
		Usage: "find data errors in the directory that would break the sync, each with a suggested fix",
		Description: `   Reads every source, as sync does, and changes nothing. Works without a target and on an
   LDIF export. docs/check.md lists the rules. Exits with 3 when something blocks.

EXAMPLE:
   adsync check
   adsync check --profile entra --attr proxyAddresses --suffix corp.local=example.com
   adsync check --fix fix.ldif && ldapmodify -f fix.ldif`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "profile", Usage: "check for the target `NAME` instead of the configured one (entra, google, aws, ...)"},
			&cli.StringSliceFlag{Name: "attr", Usage: "check the attribute `NAME` besides the mapped ones (repeatable)"},
			&cli.StringSliceFlag{Name: "rule", Usage: "run only the rule `ID` (repeatable)"},
			&cli.StringSliceFlag{Name: "source", Usage: "check only the source `ID` (repeatable)"},
			&cli.StringSliceFlag{Name: "suffix", Usage: "suggest another domain, `OLD=NEW` (repeatable)"},
			&cli.StringFlag{Name: "csv", Usage: "write the findings to `FILE` as CSV, - for stdout"},
			&cli.StringFlag{Name: "fix", Usage: "write the safe suggestions to `FILE` as LDIF, and beside it an LDIF that undoes them"},
			&cli.StringFlag{Name: "from-csv", Usage: "make the LDIF of --fix from an edited CSV `FILE` (actions EDIT, REMOVE, COMPLETE)"},
		},
		Action: flagsOnly(env, func(c *cli.Context, g globalOptions) error {
			if err := givenValues(c, "profile", "csv", "fix", "from-csv"); err != nil {
				return err
			}
			return runCheck(c.Context, env, checkOptions{
				globalOptions: g,
				Profile:       c.String("profile"), Attributes: c.StringSlice("attr"), Rules: c.StringSlice("rule"),
				Sources: c.StringSlice("source"), Suffixes: c.StringSlice("suffix"),
				CSV: c.String("csv"), Fix: c.String("fix"), FromCSV: c.String("from-csv"),
			})
		}),
	}
}

var attributeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9;._-]*$`)

// check refuses flags that make no sense.
func (o *checkOptions) check() error {
	if o.JSON && o.CSV == "-" {
		return usage(errors.New("--json and --csv - both want stdout"), "give --csv a file")
	}
	if o.FromCSV != "" && (o.CSV != "" || len(o.Rules)+len(o.Attributes)+len(o.Sources)+len(o.Suffixes) > 0 || o.Profile != "") {
		return usage(errors.New("--from-csv reads no directory, so it goes with --fix only"), "")
	}
	if o.FromCSV != "" && o.Fix == "" {
		return usage(errors.New("--from-csv wants --fix FILE.ldif"), "the LDIF to apply goes there, and the one that undoes it beside it")
	}
	if o.Fix == "-" {
		return usage(errors.New("--fix writes two files, so it cannot write to stdout"), "")
	}
	for _, name := range o.Attributes {
		if !attributeName.MatchString(name) {
			return usage(fmt.Errorf("--attr: %q is not an attribute name", name), "")
		}
	}
	for _, id := range o.Rules {
		if !slices.ContainsFunc(rules.Table(), func(r rules.Rule) bool { return r.ID == id }) {
			return usage(fmt.Errorf("--rule: there is no rule %q", id), "docs/check.md lists the rules")
		}
	}
	if o.Profile != "" && !rules.Known(o.Profile) {
		return usage(fmt.Errorf("--profile: there is no profile %q", o.Profile), "docs/check.md lists the profiles; generic, entra, google, aws and github have rules of their own")
	}
	return nil
}

// suffixes reads --suffix OLD=NEW.
func (o *checkOptions) suffixes() (map[string]string, error) {
	out := map[string]string{}
	for _, text := range o.Suffixes {
		from, to, ok := strings.Cut(text, "=")
		from, to = strings.TrimPrefix(from, "@"), strings.TrimPrefix(to, "@")
		if !ok || from == "" || to == "" || strings.ContainsAny(from+to, " @") {
			return nil, usage(fmt.Errorf("--suffix: %q is not of the form OLD=NEW", text), "for example --suffix corp.local=example.com")
		}
		out[from] = to
	}
	return out, nil
}

// runCheck reads the sources, checks them and shows what was found.
func runCheck(ctx context.Context, env Env, o checkOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	if o.FromCSV != "" {
		return runFromCSV(env, o)
	}
	suffixes, err := o.suffixes()
	if err != nil {
		return err
	}
	r, err := prepareCheck(ctx, env, o)
	if err != nil {
		return err
	}
	defer r.close()
	checker, err := rules.New(rules.Options{
		Profile: r.profile, Domains: r.domains, Suffixes: suffixes, Attributes: o.Attributes, Only: o.Rules,
	})
	if err != nil {
		return usage(err, "")
	}
	held, err := r.read(ctx)
	if err != nil {
		return err
	}
	for i, s := range r.sources {
		if snapshot, ok := held.readings[i].Snapshot(); ok {
			checker.Add(s.checked(), snapshot)
		}
	}
	if held.state != nil {
		checker.AddTarget(held.state, r.mark)
	}
	report := newCheckReport(checker, held, r)
	if o.Fix != "" {
		repairs := planFixes(report.findings)
		if err := writeFixes(o.Fix, repairs); err != nil {
			return err
		}
		report.fixes = made(repairs)
		report.remarks = append(report.remarks, written(report.fixes, o.Fix))
	}
	if o.CSV != "" {
		if err := writeCSV(env, o.CSV, report.findings); err != nil {
			return err
		}
	}
	report.print(env, o)
	return ended(report.exit)
}

package commands

import (
	"context"
	"fmt"
	"path/filepath"

	"adsync/commands/ask"
	"adsync/commands/config"
)

// askAccount asks under which account the sync will run, since that account
// must be able to read the secrets.
func (s *schedule) askAccount(ctx context.Context, asker ask.Asker) error {
	options := s.accounts()
	q := ask.Question{Key: "run-as", Label: "Under which account shall it run?", Default: options[0].Value,
		Help: "That account must be able to read the secrets; they are stored so that it can."}
	name := ask.Question{Key: "account", Label: "Its name", Validate: s.accountExists}
	switch { // as the schedule that is there
	case s.own() && s.kind != systemdTimer:
		q.Default = "me"
	case !s.own() && s.account != options[0].Value:
		q.Default, name.Default = "other", s.account
	}
	i, err := asker.Choose(ctx, q, options)
	if err != nil {
		return err
	}
	s.named = true
	switch options[i].Value {
	case "me":
		s.account = s.me
	case "hand":
		s.account, s.byHand = s.me, true
	case "other":
		s.account, err = asker.Text(ctx, name)
	default:
		s.account = options[i].Value
	}
	return err
}

// accounts are the accounts that the sync may run under, the usual one first.
func (s *schedule) accounts() []ask.Option {
	var options []ask.Option
	switch {
	case s.kind == systemdTimer:
		options = []ask.Option{
			{Value: dynamicAccount, Label: "One with no rights, made for each run", Help: "systemd hands it the secrets"},
			{Value: "other", Label: "An account of this machine"}}
	case s.kind == scheduledTask:
		options = []ask.Option{
			{Value: systemAccount, Label: "SYSTEM"},
			{Value: "other", Label: "A gMSA or another account", Help: `CORP\gmsa-adsync$`},
			{Value: "me", Label: "My own", Help: s.me + ", while I am logged on"}}
	default:
		options = []ask.Option{{Value: "me", Label: "My own", Help: s.me + ", " + s.starter()}}
		if s.me == "root" {
			options = append(options, ask.Option{Value: "other", Label: "An account of this machine", Help: s.starter()})
		}
	}
	return append(options, ask.Option{Value: "hand", Label: "None: I start it myself"})
}

func (s *schedule) accountExists(name string) error {
	if s.kind == scheduledTask {
		return notEmpty(name)
	}
	_, err := accountOf(name)
	return err
}

// handOver gives files to the account that the sync will run under, where
// that is another one than ours and nobody else hands them over.
func (s *schedule) handOver(f *config.File, paths []string) error {
	if s.kind == scheduledTask {
		for _, path := range paths {
			if err := restrict(path, s.account); err != nil {
				return fmt.Errorf("let only %s read %s: %w", s.readers(), path, err)
			}
		}
		return nil
	}
	if s.own() || s.byHand || s.handedBySystemd(f) {
		return nil
	}
	owner, err := accountOf(s.runner(f))
	if err != nil {
		return usage(fmt.Errorf("--run-as: %w", err), "name an account of this machine")
	}
	for _, path := range paths {
		if err := owner.own(path); err != nil {
			return &Failure{Code: ExitFailure, Err: fmt.Errorf("give %s to %s: %w", path, s.account, err),
				Hint: "only root can: run adsync init as root, or as that account"}
		}
	}
	return nil
}

// handedBySystemd reports whether systemd, as root, hands all files to the
// service.
func (s *schedule) handedBySystemd(f *config.File) bool {
	return s.kind == systemdTimer && !relianceOf(f).direct
}

// runner is the account of the machine that a run has.
func (s *schedule) runner(f *config.File) string {
	if s.account == dynamicAccount {
		return "root"
	}
	return s.account
}

// check makes sure that the account of the schedule can read the
// configuration and the files with its secrets.
func (s *schedule) check(f *config.File) error {
	if s.kind == scheduledTask || s.own() || s.byHand || s.handedBySystemd(f) {
		return nil
	}
	reader, err := accountOf(s.runner(f))
	if err != nil {
		return usage(fmt.Errorf("--run-as: %w", err), "name an account of this machine")
	}
	paths := []string{f.Path}
	for _, at := range f.SecretKeys() {
		if at.Secret.File != "" && filepath.Base(at.Secret.File) != "" && !isCredential(at.Secret.File) {
			paths = append(paths, f.Abs(at.Secret.File))
		}
	}
	for _, path := range paths {
		if at := reader.blockedAt(path); at != "" {
			hint := "put the configuration into a folder that the account can open, such as /etc/adsync, or run the sync under another account"
			if at == path {
				hint = fmt.Sprintf("give it to the account (chown %s %s), or run the sync under another one", shellWord(s.account), shellWord(path))
			}
			return usage(fmt.Errorf("%s cannot read %s: its permissions end at %s; nothing was written", s.account, path, at), hint)
		}
	}
	return nil
}

// checkProgram makes sure that the account of the schedule can start the
// program. With a unit folder the files are for another machine or a package.
func (s *schedule) checkProgram(f *config.File) error {
	if s.kind == scheduledTask || s.own() || s.unitDir != "" {
		return nil
	}
	who, starter := "the account of the service", stranger
	if s.account != dynamicAccount || !s.handedBySystemd(f) {
		var err error
		if starter, err = accountOf(s.runner(f)); err != nil {
			return usage(fmt.Errorf("--run-as: %w", err), "name an account of this machine")
		}
		who = s.account
	}
	if at := starter.blockedAt(s.program); at != "" {
		return usage(fmt.Errorf("%s cannot start %s: its permissions end at %s", who, s.program, at),
			"put the program where everybody can start it, such as /usr/local/bin")
	}
	return nil
}

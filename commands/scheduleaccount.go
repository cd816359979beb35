package commands

import (
	"fmt"
	"path/filepath"

	"adsync/commands/config"
)

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

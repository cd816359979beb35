package commands

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"adsync/commands/config"
	"adsync/ldapsrc"
	"adsync/proxy"
	"adsync/upload"
)

// load reads and checks the configuration. Its problems are shown all at
// once and end the command with ExitUsage.
func load(env Env, g globalOptions) (*config.File, error) {
	here := config.Here(g.Config)
	here.Getenv = env.Getenv
	path := config.DefaultPath(here)
	file, err := config.Load(path)
	if err != nil {
		return nil, usage(err, configHint(err, path))
	}
	return file, nil
}

func configHint(err error, path string) string {
	if isNotExist(err) {
		return fmt.Sprintf(`run "adsync init" to make %s, or name another with --config`, path)
	}
	return `docs/configuration.md explains every key; "adsync init" edits the file`
}

// prepare does what every run begins with and none may do halfway: it checks
// the configuration, fetches the secrets and makes the parts. Nothing has
// been sent anywhere when it returns.
func prepare(ctx context.Context, env Env, g globalOptions, only []string) (*run, error) {
	file, err := load(env, g)
	if err != nil {
		return nil, err
	}
	r := &run{env: env, options: g, file: file}
	if err := r.selectSources(only); err != nil {
		return nil, err
	}
	return r, r.open(ctx)
}

// prepareTarget is prepare for what concerns the service alone: no source is
// made, and none of their secrets is needed.
func prepareTarget(ctx context.Context, env Env, g globalOptions) (*run, error) {
	file, err := load(env, g)
	if err != nil {
		return nil, err
	}
	r := &run{env: env, options: g, file: file}
	return r, r.open(ctx)
}

// open makes the parts of a run.
func (r *run) open(ctx context.Context) error {
	file := r.file
	if file.Target == nil {
		return usage(fmt.Errorf("%s: target: is missing", file.Path), `name the service under target, or run "adsync init"`)
	}
	if err := r.fetchSecrets(ctx); err != nil {
		return err
	}
	if err := r.openLog(); err != nil {
		return err
	}
	r.env.progress.logTo(r.log)
	for _, w := range file.Warnings {
		r.log.Warn(w)
	}
	return r.assemble()
}

// assemble makes the parts of a run whose secrets and log are there.
func (r *run) assemble() error {
	file := r.file
	if err := r.openProxy(); err != nil {
		return err
	}
	if err := r.openSources(); err != nil {
		return err
	}
	if err := r.openTarget(); err != nil {
		return err
	}
	var err error
	r.mark, err = upload.NewMark(file.Target.ExternalID, file.SourceIDs())
	if err != nil {
		return usage(fmt.Errorf("%s: target.external_id: %w", file.Path, err), "")
	}
	r.policy = upload.Policy{
		UserDisabled: upload.Action(file.Policy.UserDisabled),
		UserGone:     upload.Action(file.Policy.UserGone),
		GroupGone:    upload.Action(file.Policy.GroupGone),
		Adopt:        file.Target.Adopt != "never",
	}
	r.limits = file.UploadLimits()
	return nil
}

// selectSources takes those of --source, or all.
func (r *run) selectSources(only []string) error {
	for _, id := range only {
		if r.file.Source(id) == nil {
			return usage(fmt.Errorf("--source: %q is not a configured source", id),
				"the sources are "+strings.Join(r.file.SourceIDs(), ", "))
		}
	}
	for i := range r.file.Sources {
		s := &r.file.Sources[i]
		if len(only) == 0 || slices.Contains(only, s.ID) {
			r.sources = append(r.sources, &source{config: s})
		}
	}
	return nil
}

// fetchSecrets fetches the secrets of the chosen sources, the target and the
// proxy.
func (r *run) fetchSecrets(ctx context.Context) error {
	needed := func(key string) bool {
		if !strings.HasPrefix(key, "sources[") {
			return true
		}
		for i := range r.file.Sources {
			if strings.HasPrefix(key, fmt.Sprintf("sources[%d].", i)) {
				return slices.ContainsFunc(r.sources, func(s *source) bool { return s.config == &r.file.Sources[i] })
			}
		}
		return false
	}
	var err error
	r.redactor = new(config.Redactor)
	warn := func(remark string) { r.file.Warnings = append(r.file.Warnings, remark) }
	r.secrets, err = r.file.Secrets(ctx, config.Resolver{Getenv: r.env.Getenv, Redactor: r.redactor, Warn: warn}, needed)
	if err != nil && ctx.Err() == nil {
		return usage(err, "docs/security.md says where secrets can be kept")
	}
	return err
}

func (r *run) openProxy() error {
	setting, err := r.file.ProxySetting(r.secrets)
	if err != nil {
		return usage(fmt.Errorf("%s: %w", r.file.Path, err), hintOf(err))
	}
	if r.proxy, err = proxy.New(setting); err != nil {
		return usage(fmt.Errorf("%s: proxy: %w", r.file.Path, err), hintOf(err))
	}
	for _, w := range r.proxy.Warnings() {
		r.log.Warn(w)
	}
	return nil
}

func (r *run) openSources() error {
	for _, s := range r.sources {
		i := slices.IndexFunc(r.file.Sources, func(c config.Source) bool { return c.ID == s.config.ID })
		rules, err := r.file.Rules(s.config.Type)
		if err != nil {
			return usage(fmt.Errorf("%s: mapping: %w", r.file.Path, err), "")
		}
		s.mapping = &rules
		for _, from := range r.file.Mapping.User {
			if len(from) == 1 && !strings.Contains(from[0], "{{") {
				s.required = append(s.required, from[0])
			}
		}
		slices.Sort(s.required)
		s.dir, err = ldapsrc.New(r.file.SourceConfig(i, r.secrets), ldapsrc.Env{
			Dialer: r.proxy.Dialer(), Log: r.log, Now: r.env.Now,
			Progress: func(what string, read int) { r.env.progress.at(s.config.ID+" "+what, read, 0) },
		})
		if err != nil {
			return usage(fmt.Errorf("%s: %w", r.file.Path, err), hintOf(err))
		}
	}
	return nil
}

// configFlag repeats --config where it was needed, for commands to paste.
func (r *run) configFlag() string {
	if r.options.Config == "" {
		return ""
	}
	return " --config " + shellWord(r.options.Config)
}

// reportDir is where a run leaves its outputs.
func (r *run) reportDir() string {
	here := config.Here(r.options.Config)
	here.Getenv = r.env.Getenv
	return filepath.Clean(r.file.ReportDir(here))
}

package commands

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"adsync/commands/config"
	"adsync/ldapsrc"
	"adsync/upload"
	"adsync/upload/scim"
)

// targetPatience is how long a check that has read the sources waits for the
// next sign of life from the target: it is only asked who else has an address.
const targetPatience = 3 * time.Second

// checkRun is a run that needs no target.
type checkRun struct {
	*run
	profile string
	domains []string
	extra   []string // attributes to read besides the mapped ones
	remarks []string
}

// prepareCheck makes the sources ready and, where one is configured and can
// be had, the target.
func prepareCheck(ctx context.Context, env Env, o checkOptions) (*checkRun, error) {
	file, err := load(env, o.globalOptions)
	if err != nil {
		return nil, err
	}
	// A check wants no secret but the sources' and the proxy's.
	without := *file
	without.Target, without.Monitor = nil, config.Monitor{}
	r := &checkRun{run: &run{env: env, options: o.globalOptions, file: &without}, profile: o.Profile}
	if err := r.selectSources(o.Sources); err != nil {
		return nil, err
	}
	if err := r.fetchSecrets(ctx); err != nil {
		return nil, err
	}
	if err := r.openLog(); err != nil {
		return nil, err
	}
	for _, w := range without.Warnings {
		r.log.Warn(w)
	}
	if err := r.openProxy(); err != nil {
		return nil, err
	}
	if err := r.openSources(); err != nil {
		return nil, err
	}
	r.extra = o.Attributes
	if slices.ContainsFunc(o.Attributes, func(name string) bool { return strings.EqualFold(name, "proxyAddresses") }) {
		// A primary address is judged by mail.
		r.extra = append(slices.Clone(r.extra), "mail")
	}
	if file.Target != nil {
		r.useTarget(ctx, file)
	}
	return r, nil
}

// useTarget takes over what is configured of the target. A target that
// cannot be made ready is left out: the directory's data can be checked
// without it.
func (r *checkRun) useTarget(ctx context.Context, file *config.File) {
	configured := file.Target.Profile
	if configured == "" && !file.Target.File() {
		configured = scim.GuessProfile(file.Target.URL)
	}
	other := r.profile != "" && r.profile != configured
	if r.profile == "" {
		r.profile = knownProfile(configured)
	}
	r.domains = file.Target.Domains
	if other {
		return
	}
	secrets, err := file.Secrets(ctx, config.Resolver{Getenv: r.env.Getenv, Redactor: r.redactor},
		func(key string) bool { return strings.HasPrefix(key, "target") })
	if err != nil {
		r.skipTarget(err)
		return
	}
	all := maps.Clone(r.secrets)
	if all == nil {
		all = config.Secrets{}
	}
	maps.Copy(all, secrets)
	r.file, r.secrets = file, all
	if err := r.openTarget(); err != nil {
		r.skipTarget(err)
		return
	}
	if r.mark, err = upload.NewMark(file.Target.ExternalID, file.SourceIDs()); err != nil {
		r.skipTarget(err)
	}
}

func (r *checkRun) skipTarget(err error) {
	r.target = nil
	r.remarks = append(r.remarks, fmt.Sprintf("nothing is compared with the target: %v", err))
}

// read reads the sources and, where there is a target, its users.
func (r *checkRun) read(ctx context.Context) (reading, error) {
	var held reading
	if r.target == nil {
		held.readings = r.readSources(ctx, r.wanted)
	} else {
		held = r.readBoth(ctx)
	}
	if ctx.Err() != nil {
		return held, ctx.Err()
	}
	held.describe()
	return held, nil
}

// readBoth reads the sources and the target's users at the same time. A target
// that cannot be read, or is silent when the sources are done, is left out.
func (r *checkRun) readBoth(ctx context.Context) (held reading) {
	targetCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	alive, answered := make(chan struct{}, 1), make(chan struct{})
	var err error
	go func() {
		defer close(answered)
		held.state, err = r.target.Read(targetCtx, r.wantUsers(alive))
	}()
	held.readings = r.readSources(ctx, r.wanted)
	silent := !r.await(alive, answered)
	cancel()
	<-answered
	if err == nil {
		return held
	}
	held.state = nil
	if silent {
		err = errors.New("it does not answer")
	}
	r.skipTarget(err)
	return held
}

// await waits for the target as long as it is seen to answer, and reports
// whether it came to an end.
func (r *checkRun) await(alive, answered <-chan struct{}) bool {
	for {
		select {
		case <-answered:
			return true
		case <-alive:
		case <-time.After(targetPatience):
			return false
		}
	}
}

// wantUsers asks for the users only, and of them what is compared. A sign of
// life is given whenever some more have come.
func (r *checkRun) wantUsers(alive chan<- struct{}) upload.Want {
	w := upload.Want{
		Owned: func(string) bool { return false },
		Progress: func(upload.Kind, int, int) {
			select {
			case alive <- struct{}{}:
			default:
			}
		},
	}
	for _, s := range r.sources {
		w.Users = append(w.Users, s.mapping.Paths(upload.User)...)
	}
	return eachOnce(w)
}

// wanted is what the source is asked for.
func (r *checkRun) wanted(s *source) ldapsrc.Want {
	w := s.want()
	w.UserAttributes = append(w.UserAttributes, r.extra...)
	w.GroupAttributes = append(w.GroupAttributes, r.extra...)
	return w
}

package commands

import (
	"fmt"

	"adsync/upload"
	"adsync/upload/filetarget"
	"adsync/upload/scim"
)

// openTarget makes the target that the configuration names.
func (r *run) openTarget() error {
	c := r.file.TargetConfig(r.secrets)
	c.UserAgent = "adsync/" + version()
	if r.file.Target.File() {
		target, err := filetarget.New(r.file.Folder(), c, scim.Env{Log: r.log, Now: r.env.Now})
		if err != nil {
			return usage(fmt.Errorf("%s: target.url: %w", r.file.Path, err), hintOf(err))
		}
		r.target = target
		return nil
	}
	trust, err := r.file.TargetTLS()
	if err != nil {
		return usage(fmt.Errorf("%s: %w", r.file.Path, err), hintOf(err))
	}
	e := scim.Env{Transport: r.proxy.Transport(trust), Log: r.log, Now: r.env.Now, Sleep: r.env.sleep}
	if c.Profile == "entra-bulk" || c.Profile == "" && scim.GuessProfile(c.URL) == "entra-bulk" {
		r.target, err = scim.NewEntraBulk(c, e)
	} else {
		r.target, err = scim.New(c, e)
	}
	if err != nil {
		return usage(fmt.Errorf("%s: target: %w", r.file.Path, err), hintOf(err))
	}
	return nil
}

// budgeted is a target whose service counts what is sent to it in a day.
type budgeted interface {
	Budget(writes int) (sentence string, fits bool)
}

// announceBudget says what a plan costs of the service's daily quota, and
// does so before anything is sent.
func (r *run) announceBudget(out printer, plan *upload.Plan) {
	b, ok := r.target.(budgeted)
	if !ok {
		return
	}
	if sentence, fits := b.Budget(len(plan.Changes)); !fits {
		out.Notice(sentence)
	} else if sentence != "" {
		out.Remark(sentence)
	}
}

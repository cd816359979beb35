package commands

import (
	"fmt"

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
	r.target, err = scim.New(c, scim.Env{
		Transport: r.proxy.Transport(trust), Log: r.log, Now: r.env.Now,
	})
	if err != nil {
		return usage(fmt.Errorf("%s: target: %w", r.file.Path, err), hintOf(err))
	}
	return nil
}

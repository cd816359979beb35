package commands

import (
	"fmt"

	"adsync/upload/scim"
)

// openTarget makes the target that the configuration names.
func (r *run) openTarget() error {
	target, err := scim.New(r.file.TargetConfig(r.secrets), scim.Env{
		Transport: r.proxy.Transport(nil), Log: r.log, Now: r.env.Now,
	})
	if err != nil {
		return usage(fmt.Errorf("%s: target: %w", r.file.Path, err), hintOf(err))
	}
	r.target = target
	return nil
}

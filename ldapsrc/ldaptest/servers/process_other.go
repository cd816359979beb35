//go:build !linux

package servers

import (
	"errors"
	"os/exec"
)

var errNotLinux = errors.New("real servers are started on linux only")

// process is never started here: need skips the test before.
type process struct {
	exited chan struct{}
}

func startProcess(_ string, _ []string, _ string, _ ...string) (*process, error) {
	return nil, errNotLinux
}

func (p *process) kill() {}

func (p *process) pause() error { return errNotLinux }

func (p *process) resume() error { return errNotLinux }

func (p *process) killTitled(string) (int, error) { return 0, errNotLinux }

func detach(*exec.Cmd) {}

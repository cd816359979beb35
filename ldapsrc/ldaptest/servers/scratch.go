package servers

import (
	"fmt"
	"io"
	"os"
	"os/exec"
)

// scratch is a folder that does not outlive this process: a child waits for
// the pipe to close, as it does however the process ends, and then removes it.
// The name is short, since Samba's sockets lie in it and a socket's path has
// at most 107 bytes (unix(7)).
type scratch struct {
	dir     string
	sweeper *exec.Cmd
	pipe    io.Closer
}

// sweep retries, and comes back once more when the caller has gone on, as a
// server that is ending may still write.
const sweep = `cat; for i in 1 2 3 4 5; do rm -rf -- "$1" && break; sleep 1; done; (sleep 3; rm -rf -- "$1") &`

func newScratch() (*scratch, error) {
	dir, err := os.MkdirTemp("", "adsync-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for a server: %w", err)
	}
	sweeper := exec.Command("sh", "-c", sweep, "sh", dir)
	detach(sweeper)
	pipe, err := sweeper.StdinPipe()
	if err == nil {
		err = sweeper.Start()
	}
	if err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("watch over %s: %w", dir, err)
	}
	return &scratch{dir: dir, sweeper: sweeper, pipe: pipe}, nil
}

// remove removes the folder and returns when it is gone.
func (s *scratch) remove() {
	s.pipe.Close()
	_ = s.sweeper.Wait() // what is left is the sweeper's to retry, not ours
}

package servers

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// process is a server child in a process group of its own.
type process struct {
	pid    int
	stdin  io.Closer
	exited chan struct{} // closed once the child has been waited for
}

// startProcess starts the program with its output appended to logFile.
//
// The child gets SIGKILL when the thread that started it ends, so the thread
// is kept for as long as the child lives. Its standard input is a pipe: Samba
// and its workers leave when that closes, however the test process ended.
func startProcess(logFile string, env []string, path string, args ...string) (*process, error) {
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of %s: %w", path, err)
	}
	defer log.Close()
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	started := make(chan error)
	exited := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // a killed server's status says nothing
			close(exited)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return &process{pid: cmd.Process.Pid, stdin: stdin, exited: exited}, nil
}

// detach keeps signals meant for the test's process group, such as an
// interrupt from the keyboard, from the command.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// kill ends every process of the group at once, as kill -9 does.
func (p *process) kill() {
	_ = syscall.Kill(-p.pid, syscall.SIGKILL)
	p.stdin.Close()
	<-p.exited
}

// pause stops every process of the group; connections stay open and silent.
// A signal stops each thread in its own time: one that works on another core
// could still answer, so that all of them are waited for.
func (p *process) pause() error {
	if err := syscall.Kill(-p.pid, syscall.SIGSTOP); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	return until(ctx, p.exited, func() error {
		stats, err := filepath.Glob("/proc/[0-9]*/task/[0-9]*/stat")
		if err != nil {
			return err
		}
		for _, stat := range stats {
			if state, group := threadState(stat); group == p.pid && strings.Contains("RSD", state) {
				return fmt.Errorf("%s has not stopped", filepath.Dir(stat))
			}
		}
		return nil
	})
}

// resume lets a paused group go on.
func (p *process) resume() error { return syscall.Kill(-p.pid, syscall.SIGCONT) }

// killTitled kills the processes of the group whose title contains text and
// returns how many there were.
func (p *process) killTitled(text string) (int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	killed := 0
	for _, stat := range stats {
		dir := filepath.Dir(stat)
		title, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if _, group := threadState(stat); err != nil || group != p.pid || !strings.Contains(string(title), text) {
			continue // also processes that ended meanwhile
		}
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			return killed, fmt.Errorf("read the process id of %s: %w", dir, err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err == nil {
			killed++
		}
	}
	return killed, nil
}

// threadState reads the state and the process group from a /proc stat file;
// group 0 if the thread is gone. The fields are counted after the name's closing
// parenthesis, as the name may contain anything (proc(5)).
func threadState(stat string) (state string, group int) {
	text, err := os.ReadFile(stat)
	if err != nil {
		return "", 0
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 3 {
		return "", 0
	}
	group, err = strconv.Atoi(fields[2])
	if err != nil {
		return "", 0
	}
	return fields[0], group
}

package config

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// command runs a program and takes what it prints as the secret.
func (r Resolver) command(ctx context.Context, words []string) (string, error) {
	timeout := r.Timeout
	if timeout == 0 {
		timeout = 30 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir = r.Dir
	cmd.WaitDelay = time.Second // a child may hold the pipe open
	var out, said limited
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "", fmt.Errorf("%s did not end within %s", words[0], Duration(timeout))
	case err != nil:
		return "", fmt.Errorf("%s: %w%s", words[0], err, said.inWords(string(out.kept)))
	}
	return oneSecret(words[0], out.kept)
}

// limited keeps the first part of what a command writes.
type limited struct{ kept []byte }

func (l *limited) Write(p []byte) (int, error) {
	if room := largestSecret + 1 - len(l.kept); room > 0 {
		l.kept = append(l.kept, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

// inWords is the first line of a command's complaint, without what it had
// printed as the secret by then.
func (l *limited) inWords(secret string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(l.kept)), "\n")
	var r Redactor
	for part := range strings.Lines(secret) {
		r.Add(Value{strings.TrimSpace(part)})
	}
	line = strings.TrimSpace(r.Redact(line))
	if len(line) > 200 {
		line = strings.ToValidUTF8(line[:200], "") + "..."
	}
	if line == "" {
		return ""
	}
	return ": " + line
}

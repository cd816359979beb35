package commands

import (
	"errors"
	"io"
	"os"
	"slices"
	"sync"
)

// resultWriter is standard output that remembers the first error. A run goes
// on without it: what is under way at the service is not to end half way
// because nobody reads any more.
type resultWriter struct {
	w   io.Writer
	mu  sync.Mutex
	err error
}

func (r *resultWriter) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return len(p), nil
	}
	if _, err := r.w.Write(p); err != nil {
		r.err = err
	}
	return len(p), nil
}

// lost is the error that made a result incomplete. A reader that has seen
// enough and closed the pipe, as head does, is none.
func (r *resultWriter) lost() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.ContainsFunc(readerGone, func(gone error) bool { return errors.Is(r.err, gone) }) {
		return nil
	}
	return r.err
}

// outputFile is the file that is written to, where it is one.
func outputFile(w io.Writer) (*os.File, bool) {
	if r, ok := w.(*resultWriter); ok {
		w = r.w
	}
	f, ok := w.(*os.File)
	return f, ok
}

package commands

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// refuse is a standard output that nothing can be written to.
type refuse struct{ err error }

func (r refuse) Write([]byte) (int, error) { return 0, r.err }

func TestAResultThatIsLostIsAFailure(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		exit int
		says string
	}{
		{"a reader that has seen enough is no failure", &os.PathError{Op: "write", Path: "|1", Err: readerGone[0]}, ExitOK, ""},
		{"a full disk is one", errors.New("no space left on device"), ExitFailure, "adsync: write the result: no space left on device\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var said bytes.Buffer
			code := Main([]string{"adsync", "--help"}, Env{Stdout: refuse{tt.err}, Stderr: &said, Getenv: func(string) string { return "" }, Now: time.Now})
			if code != tt.exit || said.String() != tt.says {
				t.Errorf("exits %d: %s", code, said.String())
			}
		})
	}
}

func TestARunGoesOnWhenNobodyReads(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = read.Close()
	defer write.Close()
	r := &resultWriter{w: write}
	for range 3 {
		if _, err := fmt.Fprintln(r, strings.Repeat("x", 100)); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.lost(); err != nil {
		t.Errorf("a reader that has seen enough is a failure: %v", err)
	}
	if _, ok := outputFile(r); !ok {
		t.Error("the pipe is no file")
	}
}

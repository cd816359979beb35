package upload_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"adsync/upload"
)

func TestTextsComeInTheirOrder(t *testing.T) {
	for _, n := range []int{0, 1, 255, 256, 257, 5000} {
		var want strings.Builder
		for i := range n {
			want.WriteString(strconv.Itoa(i) + ",")
		}
		var got strings.Builder
		err := upload.InOrder(n, func(text []byte, i int) []byte { return append(strconv.AppendInt(text, int64(i), 10), ',') },
			func(text []byte) error { _, err := got.Write(text); return err })
		if err != nil || got.String() != want.String() {
			t.Errorf("of %d: %v, %.100q", n, err, got.String())
		}
	}
	full := errors.New("no space left")
	calls := 0
	err := upload.InOrder(5000, func(text []byte, _ int) []byte { return append(text, 'x') }, func([]byte) error { calls++; return full })
	if !errors.Is(err, full) || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

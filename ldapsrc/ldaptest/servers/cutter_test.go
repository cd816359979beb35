package servers_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"adsync/ldapsrc/ldaptest/servers"
)

const answerSize = 100_000

func TestCutterBreaksConnections(t *testing.T) {
	cutter := servers.StartCutter(t, startAnswering(t))
	rows := []struct {
		name  string
		fault servers.Fault
		bytes int
		err   error
	}{
		{"everything goes through without a fault", servers.Fault{}, answerSize, nil},
		{"a delay changes no byte", servers.Fault{Delay: time.Millisecond}, answerSize, nil},
		{"the stream ends after so many bytes", servers.Fault{After: 1234, Then: servers.Close}, 1234, nil},
		{"the stream ends before the first byte", servers.Fault{Then: servers.Close}, 0, nil},
		{"the connection is reset after so many bytes", servers.Fault{After: 20_000, Then: servers.Reset}, 20_000, syscall.ECONNRESET},
		{"nothing more comes after so many bytes", servers.Fault{After: 7, Then: servers.Silence}, 7, os.ErrDeadlineExceeded},
	}
	for i, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			cutter.Set(row.fault)
			conn, err := net.Dial("tcp", cutter.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			got, err := readAnswer(conn, row.fault.Then)
			if len(got) != row.bytes || !errors.Is(err, row.err) {
				t.Errorf("read %d bytes and %v, want %d and %v", len(got), err, row.bytes, row.err)
			}
			if cutter.Connections() != i+1 {
				t.Errorf("%d connections were counted, want %d", cutter.Connections(), i+1)
			}
		})
	}
}

func TestCutterCallsBeforeItGoesOn(t *testing.T) {
	cutter := servers.StartCutter(t, startAnswering(t))
	calls := 0
	cutter.Set(servers.Fault{After: 1234, Reached: func() { calls++ }})
	conn, err := net.Dial("tcp", cutter.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	got, err := readAnswer(conn, servers.Pass)
	if len(got) != answerSize || err != nil || calls != 1 {
		t.Errorf("read %d bytes and %v after %d calls, want %d bytes and one call", len(got), err, calls, answerSize)
	}
}

func readAnswer(conn net.Conn, then servers.Ending) ([]byte, error) {
	if _, err := conn.Write([]byte("?")); err != nil {
		return nil, err
	}
	limit := 10 * time.Second
	if then == servers.Silence {
		limit = 100 * time.Millisecond
	}
	if err := conn.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return nil, err
	}
	return io.ReadAll(conn)
}

// startAnswering serves answerSize bytes to whoever sends one.
func startAnswering(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if _, err := io.ReadFull(conn, make([]byte, 1)); err == nil {
					_, _ = conn.Write(bytes.Repeat([]byte("x"), answerSize))
				}
			}()
		}
	}()
	return listener.Addr().String()
}

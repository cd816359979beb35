package proxytest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// Network is a network of its own (network_namespaces(7)) with one place to
// reach: what listens at Addr is carried to a proxy outside. There is no other
// interface, no route and no name server.
type Network struct {
	Addr    string
	carried atomic.Int32
	jobs    chan func()
}

// Confine makes a network whose one place leads to an address outside. It
// takes root; where even root may not make one the test is skipped.
func Confine(t testing.TB, to string) *Network {
	t.Helper()
	n := &Network{jobs: make(chan func())}
	var listener net.Listener
	made := make(chan error)
	go func() {
		// Never unlocked: a thread in another network ends with its goroutine.
		runtime.LockOSThread()
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			err = loopbackUp()
		}
		if err == nil {
			listener, err = net.Listen("tcp", "127.0.0.1:0")
		}
		made <- err
		for job := range n.jobs {
			job()
		}
	}()
	t.Cleanup(func() { close(n.jobs) })
	switch err := <-made; {
	case errors.Is(err, unix.EPERM):
		t.Skipf("a network of its own: %v (run as root, outside a container that forbids it)", err)
	case err != nil:
		t.Fatal(err)
	}
	n.Addr = listener.Addr().String()
	t.Cleanup(func() { _ = listener.Close() })
	go n.carry(listener, to)
	return n
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request)
}

func (n *Network) carry(listener net.Listener, to string) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		n.carried.Add(1)
		go func() {
			defer client.Close()
			server, err := net.Dial("tcp", to)
			if err != nil {
				return
			}
			defer server.Close()
			Splice(client, client, server)
		}()
	}
}

// inside runs a function on the thread that is in the network.
func (n *Network) inside(do func()) {
	done := make(chan struct{})
	n.jobs <- func() { defer close(done); do() }
	<-done
}

// Start starts a program inside the network.
func (n *Network) Start(command *exec.Cmd) (err error) {
	n.inside(func() { err = command.Start() })
	return err
}

// Traffic is what the kernel counted in a network since it was made.
type Traffic struct {
	Carried    int // connections that came to Addr
	Connects   int // TCP connections that were begun, to wherever
	Unroutable int // packets and connections to where there is no way
	Datagrams  int // of UDP, such as questions to a name server
}

// Traffic reads the kernel's counters of the network.
func (n *Network) Traffic(t testing.TB) Traffic {
	t.Helper()
	counters := map[string]int{}
	var err error
	n.inside(func() { err = errors.Join(readSNMP(counters), readSNMP6(counters)) })
	if err != nil {
		t.Fatal(err)
	}
	return Traffic{
		Carried:    int(n.carried.Load()),
		Connects:   counters["Tcp.ActiveOpens"],
		Unroutable: counters["Ip.OutNoRoutes"] + counters["Ip6OutNoRoutes"],
		Datagrams:  counters["Udp.OutDatagrams"] + counters["Udp6OutDatagrams"],
	}
}

// readSNMP reads pairs of lines, names and numbers, each headed "Tcp:".
func readSNMP(counters map[string]int) error {
	text, err := os.ReadFile("/proc/thread-self/net/snmp")
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		names, numbers := strings.Fields(lines[i]), strings.Fields(lines[i+1])
		if len(names) != len(numbers) {
			return fmt.Errorf("unexpected counters: %q", lines[i])
		}
		for at := 1; at < len(names); at++ {
			counters[strings.TrimSuffix(names[0], ":")+"."+names[at]], _ = strconv.Atoi(numbers[at])
		}
	}
	return nil
}

// readSNMP6 reads a name and a number a line.
func readSNMP6(counters map[string]int) error {
	text, err := os.ReadFile("/proc/thread-self/net/snmp6")
	if errors.Is(err, os.ErrNotExist) {
		return nil // a kernel without IPv6
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 2 {
			counters[fields[0]], _ = strconv.Atoi(fields[1])
		}
	}
	return err
}

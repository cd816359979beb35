package servers

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// reservationPort is the port that marks a loopback address as taken. It is
// above 1024 so that no privilege is needed, and below Linux's ephemeral range
// so that no outgoing connection sits on it.
const reservationPort = 19389

// address is a loopback IPv4 address that belongs to one server until release.
type address struct {
	IP   string
	mark net.Listener
}

// reserveAddress finds a loopback address that no other test on this machine
// uses and on which every given TCP port is free. The mark is a listening
// socket, so the kernel gives the address back even if the process is killed.
func reserveAddress(ports ...int) (*address, error) {
	var last error
	for range 200 {
		ip := fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
		mark, err := net.Listen("tcp", fmt.Sprintf("%s:%d", ip, reservationPort))
		if err != nil {
			last = err
			continue
		}
		if last = portsFree(ip, ports); last == nil {
			return &address{IP: ip, mark: mark}, nil
		}
		mark.Close()
	}
	return nil, fmt.Errorf("reserve a loopback address: %w", last)
}

func portsFree(ip string, ports []int) error {
	for _, port := range ports {
		l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", ip, port))
		if err != nil {
			return err
		}
		l.Close()
	}
	return nil
}

func (a *address) release() { a.mark.Close() }

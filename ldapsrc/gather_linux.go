package ldapsrc

import "syscall"

// wakeFrom sets how many bytes must have come before the system says that
// there are any (SO_RCVLOWAT, socket(7)). To read does not wait for them.
func wakeFrom(socket syscall.Conn, bytes int) bool {
	raw, err := socket.SyscallConn()
	if err != nil {
		return false
	}
	var refused error
	err = raw.Control(func(fd uintptr) {
		refused = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, bytes)
	})
	return err == nil && refused == nil
}

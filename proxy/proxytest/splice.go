package proxytest

import (
	"io"
	"net"
)

// Splice carries bytes both ways until both ends have closed their side. What
// the client sends is read from fromClient, which may hold some already.
func Splice(client net.Conn, fromClient io.Reader, server net.Conn) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(server, fromClient)
		if half, ok := server.(*net.TCPConn); ok {
			_ = half.CloseWrite()
		}
	}()
	_, _ = io.Copy(client, server)
	_ = client.Close()
	<-done
}

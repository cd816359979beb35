package proxy_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"adsync/proxy"
	"adsync/proxy/proxytest"
)

// startDNS answers that no name exists. Port 53 may take root.
func startDNS(t *testing.T) {
	t.Helper()
	conn, err := net.ListenPacket("udp", proxytest.DNSAddr+":53")
	if err != nil {
		if os.Getenv("ADSYNC_REQUIRE_SERVERS") == "1" {
			t.Fatal(err)
		}
		t.Skipf("a DNS server for squid: %v (run as root)", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		query := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(query)
			if err != nil {
				return
			}
			var message dnsmessage.Message
			if message.Unpack(query[:n]) != nil {
				continue
			}
			message.Response, message.RCode = true, dnsmessage.RCodeNameError
			message.Additionals = nil
			answer, err := message.Pack()
			if err != nil {
				continue
			}
			_, _ = conn.WriteTo(answer, from)
		}
	}()
}

func TestNoRequestGoesAroundSquid(t *testing.T) {
	s := proxytest.StartSquid(t, proxytest.SquidOptions{})
	p := mustNew(t, proxy.Setting{URL: "http://" + s.Addr, Username: "svc", Password: secret, LDAP: true})
	sendEverything(t, p, func(secure, plain *target, directory *lineServer) {
		tunnels := s.Carried(t, "TCP_TUNNEL", 3+2)
		peers, _, _, _ := secure.seen()
		if got, want := len(tunnels), len(peers)+len(directory.connections()); got != want {
			t.Errorf("squid carried %d tunnels, the targets saw %d: %v", got, want, tunnels)
		}
		_, via, _, requests := plain.seen()
		if got := len(s.Carried(t, "TCP_MISS", requests)); got != requests {
			t.Errorf("squid carried %d plain requests, the target saw %d", got, requests)
		}
		for _, header := range via {
			if !strings.Contains(header, "proxy.example.test") {
				t.Errorf("a request without squid's Via header: %q", header)
			}
		}
	})
}

// sendEverything sends what a run sends: https and http requests over several
// connections, and directory connections. Then it lets the caller compare the
// proxy's view with the targets'.
func sendEverything(t *testing.T, p *proxy.Proxy, compare func(secure, plain *target, directory *lineServer)) {
	t.Helper()
	secure, plain, directory := startTarget(t, true), startTarget(t, false), startLineServer(t)
	for range 3 {
		transport := p.Transport(&tls.Config{RootCAs: secure.roots()})
		get(t, &http.Client{Transport: transport}, secure.URL+"/v2/Users", 4)
		get(t, &http.Client{Transport: transport}, plain.URL+"/v2/Users", 2)
		transport.CloseIdleConnections()
	}
	for range 2 {
		conn, err := p.Dialer().DialContext(context.Background(), "tcp", directory.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		echo(t, conn)
		_ = conn.Close()
	}
	if _, _, protocol, requests := secure.seen(); protocol != "HTTP/2.0" || requests != 12 {
		t.Errorf("the service saw %d requests, the last by %s", requests, protocol)
	}
	compare(secure, plain, directory)
}

func TestSquidsRefusalsAreExplained(t *testing.T) {
	s := proxytest.StartSquid(t, proxytest.SquidOptions{})
	good := proxy.Setting{URL: "http://" + s.Addr, Username: "svc", Password: secret}
	wrong := good
	wrong.Password = "another-" + secret
	nobody := proxy.Setting{URL: "http://" + s.Addr}
	dead := proxytest.ClosedAddr(t)
	for _, tt := range []struct {
		name    string
		setting proxy.Setting
		host    string
		kind    proxy.Kind
	}{
		{"a wrong password", wrong, "scim.example.com", proxy.ProxyAuth},
		{"no password", nobody, "scim.example.com", proxy.ProxyAuth},
		{"a name that squid cannot resolve", good, "scim.invalid", proxy.TargetNameNotFound},
		{"a target that refuses", good, dead, proxy.TargetRefused},
	} {
		for _, scheme := range []string{"https", "http"} {
			if tt.kind == proxy.TargetNameNotFound && scheme == "http" {
				continue // squid 5.7 answers ERR_READ_ERROR, which can mean anything
			}
			t.Run(tt.name+", "+scheme, func(t *testing.T) {
				if tt.kind == proxy.TargetNameNotFound {
					startDNS(t)
				}
				report, err := mustNew(t, tt.setting).Check(context.Background(), mustURL(t, scheme+"://"+tt.host+"/v2"), nil)
				e := wantKind(t, err, tt.kind)
				if tt.kind == proxy.ProxyAuth && strings.Join(e.Schemes, " ") != "Basic" {
					t.Errorf("schemes %v", e.Schemes)
				}
				if last := report.Steps[len(report.Steps)-1]; last.Err == nil {
					t.Errorf("the last step has no error: %v", last)
				}
			})
		}
	}
}

// ntlmHelper speaks squid's protocol for NTLM helpers: a fixed challenge, and
// yes to an answer that holds the user's name. (Debian's ntlm_fake_auth makes
// challenges without target information, which NTLMv2 needs.)
func ntlmHelper(t *testing.T) func(dir string) string {
	return func(dir string) string {
		// CHALLENGE_MESSAGE, MS-NLMP section 2.2.1.2: unicode, ntlm, target info.
		name := []byte("E\x00X\x00")
		info := append([]byte{2, 0, byte(len(name)), 0}, name...)
		info = append(info, 0, 0, 0, 0)
		message := []byte("NTLMSSP\x00\x02\x00\x00\x00")
		message = append(message, field(len(name), 48)...)
		message = binary.LittleEndian.AppendUint32(message, 0x00800201)
		message = append(message, "nonsense"...)
		message = append(message, make([]byte, 8)...)
		message = append(message, field(len(info), 48+len(name))...)
		message = append(append(message, name...), info...)
		script := fmt.Sprintf(`#!/bin/sh
while read -r verb blob; do
	case "$verb" in
	YR) echo "TT %s" ;;
	KK) if echo "$blob" | base64 -d | tr -d '\000' | grep -aq EXAMPLEsvc
		then echo "AF svc"; else echo "NA unknown user"; fi ;;
	esac
done
`, base64.StdEncoding.EncodeToString(message))
		file := filepath.Join(dir, "ntlm.sh")
		if err := os.WriteFile(file, []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		return "auth_param ntlm program /bin/sh " + file + "\nauth_param ntlm children 2"
	}
}

func field(length, offset int) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(length))
	b = binary.LittleEndian.AppendUint16(b, uint16(length))
	return binary.LittleEndian.AppendUint32(b, uint32(offset))
}

func TestNTLMSignsInAtSquid(t *testing.T) {
	s := proxytest.StartSquid(t, proxytest.SquidOptions{Auth: ntlmHelper(t)})
	good := proxy.Setting{URL: "http://" + s.Addr, Username: `EXAMPLE\svc`, Password: secret, Auth: proxy.AuthNTLM, LDAP: true}
	sendEverything(t, mustNew(t, good), func(secure, plain *target, directory *lineServer) {
		securePeers, _, _, _ := secure.seen()
		plainPeers, _, _, _ := plain.seen()
		want := len(securePeers) + len(plainPeers) + len(directory.connections())
		if got := len(s.Carried(t, "TCP_TUNNEL", want)); got != want {
			t.Errorf("squid carried %d tunnels, the targets saw %d", got, want)
		}
	})
	stranger := good
	stranger.Username = `EXAMPLE\somebody`
	plain := proxy.Setting{URL: good.URL, Username: "svc", Password: secret}
	for _, tt := range []struct {
		name    string
		setting proxy.Setting
	}{
		{"a user the proxy does not know", stranger},
		{"basic where the proxy wants NTLM", plain},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := mustNew(t, tt.setting).Check(context.Background(), mustURL(t, "https://scim.example.com/v2"), nil)
			e := wantKind(t, err, proxy.ProxyAuth)
			if want := `set proxy.auth: ntlm with proxy.username (DOMAIN\user) and proxy.password; if it is set, check those two`; e.Hint() != want {
				t.Errorf("got  %s\nwant %s", e.Hint(), want)
			}
		})
	}
}

func TestNoRequestGoesAroundMicrosocks(t *testing.T) {
	// microsocks keeps no log, so the connections are counted in front of it.
	counter := startRelay(t, proxytest.StartMicrosocks(t, proxytest.MicrosocksOptions{}))
	p := mustNew(t, proxy.Setting{URL: "socks5h://" + counter.Addr().String(), Username: "svc", Password: secret, LDAP: true})
	sendEverything(t, p, func(secure, plain *target, directory *lineServer) {
		securePeers, _, _, _ := secure.seen()
		plainPeers, _, _, _ := plain.seen()
		if got, want := counter.count(), len(securePeers)+len(plainPeers)+len(directory.connections()); got != want {
			t.Errorf("microsocks carried %d connections, the targets saw %d", got, want)
		}
	})
}

func TestMicrosocksRefusalsAreExplained(t *testing.T) {
	addr := proxytest.StartMicrosocks(t, proxytest.MicrosocksOptions{})
	good := proxy.Setting{URL: "socks5://" + addr, Username: "svc", Password: secret}
	wrong := good
	wrong.Password = "another-" + secret
	for _, tt := range []struct {
		name    string
		setting proxy.Setting
		host    string
		kind    proxy.Kind
	}{
		{"a wrong password", wrong, "scim.example.com", proxy.ProxyAuth},
		{"no password", proxy.Setting{URL: "socks5://" + addr}, "scim.example.com", proxy.ProxyAuth},
		{"a target that refuses", good, proxytest.ClosedAddr(t), proxy.TargetRefused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := mustNew(t, tt.setting).Check(context.Background(), mustURL(t, "https://"+tt.host+"/v2"), nil)
			wantKind(t, err, tt.kind)
		})
	}
	t.Run("a name that microsocks cannot resolve", func(t *testing.T) {
		_, err := mustNew(t, good).Check(context.Background(), mustURL(t, "https://scim.invalid/v2"), nil)
		// microsocks says no more than "general SOCKS server failure".
		wantKind(t, err, proxy.TargetRefused)
	})
}

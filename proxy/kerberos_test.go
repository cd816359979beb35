//go:build linux

package proxy_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"adsync/ldapsrc/ldaptest/servers"
	"adsync/proxy"
	"adsync/proxy/proxytest"
)

func TestKerberosSignsInAtSquid(t *testing.T) {
	helper := proxytest.Need(t, "squid", "/usr/lib/squid/negotiate_kerberos_auth", "/usr/lib64/squid/negotiate_kerberos_auth")
	dc := servers.StartSamba(t, servers.SambaOptions{})
	user := dc.AddUser("CN=Users,"+dc.BaseDN(), "svc-proxy", nil)
	dc.SetPassword(user, servers.SambaServicePassword)
	dc.SetAttr(user, "servicePrincipalName", "HTTP/127.0.0.1")
	t.Setenv("KRB5_CONFIG", dc.Krb5Conf())
	s := proxytest.StartSquid(t, proxytest.SquidOptions{Auth: func(dir string) string {
		// Copies that squid's own account can read.
		keytab, conf := filepath.Join(dir, "keytab"), filepath.Join(dir, "krb5.conf")
		for to, from := range map[string]string{keytab: dc.ExportKeytab("svc-proxy"), conf: dc.Krb5Conf()} {
			data, err := os.ReadFile(from)
			if err == nil {
				err = os.WriteFile(to, data, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		return fmt.Sprintf("auth_param negotiate program /usr/bin/env KRB5_CONFIG=%s %s -k %s -s GSS_C_NO_NAME -t none\nauth_param negotiate children 2",
			conf, helper, keytab)
	}})
	service := startTarget(t, true)
	setting := proxy.Setting{URL: "http://" + s.Addr, Auth: proxy.AuthNegotiate,
		Username: servers.SambaServiceUser + "@" + dc.Realm(), Password: servers.SambaServicePassword}
	transport := mustNew(t, setting).Transport(&tls.Config{RootCAs: service.roots()})
	defer transport.CloseIdleConnections()
	get(t, &http.Client{Transport: transport}, service.URL, 2)

	// The same with the tickets of kinit, and no password in the setting.
	tickets := "FILE:" + filepath.Join(t.TempDir(), "tickets")
	kinit := exec.Command(proxytest.Need(t, "krb5-user", "kinit"), "-c", tickets, setting.Username)
	kinit.Stdin = strings.NewReader(setting.Password + "\n")
	if output, err := kinit.CombinedOutput(); err != nil {
		t.Fatalf("kinit: %v: %s", err, output)
	}
	t.Setenv("KRB5CCNAME", tickets)
	transport = mustNew(t, proxy.Setting{URL: setting.URL, Auth: proxy.AuthNegotiate}).Transport(&tls.Config{RootCAs: service.roots()})
	defer transport.CloseIdleConnections()
	get(t, &http.Client{Transport: transport}, service.URL, 2)

	wrong := setting
	wrong.Password = secret
	_, err := mustNew(t, wrong).Check(context.Background(), mustURL(t, service.URL), nil)
	wantKind(t, err, proxy.SignIn)

	basic := setting
	basic.Auth = proxy.AuthBasic
	_, err = mustNew(t, basic).Check(context.Background(), mustURL(t, service.URL), nil)
	e := wantKind(t, err, proxy.ProxyAuth)
	if got := fmt.Sprint(e.Schemes); got != "[Negotiate]" {
		t.Errorf("schemes %s", got)
	}
}

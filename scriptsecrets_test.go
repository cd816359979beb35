package main

import (
	"archive/zip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// proxyCommand starts a proxy that wants a user and a password, sets
// PROXY_URL and PROXY_WITH_PASSWORD, and writes the file proxy-password. It answers requests for
// /hook/... itself:
//
//	proxy start USER PASSWORD
func proxyCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 || args[0] != "start" {
		ts.Fatalf("usage: proxy start USER PASSWORD")
	}
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(args[1]+":"+args[2]))
	onward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.Out.Header.Del("Proxy-Authorization") }}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Proxy-Authorization") != want:
			w.Header().Set("Proxy-Authenticate", `Basic realm="script"`)
			w.WriteHeader(http.StatusProxyAuthRequired)
		case strings.HasPrefix(r.URL.Path, "/hook/"):
		default:
			onward.ServeHTTP(w, r)
		}
	}))
	ts.Defer(s.Close)
	ts.Setenv("PROXY_URL", s.URL)
	ts.Setenv("PROXY_WITH_PASSWORD", strings.Replace(s.URL, "://", "://"+args[1]+":"+args[2]+"@", 1))
	ts.Check(os.WriteFile(ts.MkAbs("proxy-password"), []byte(args[2]), 0o600))
}

// plantKey writes a private key to key.pem, and a line of it to the variable
// KEY_LINE.
func plantKey(ts *testscript.TestScript) *ecdsa.PublicKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	ts.Check(os.WriteFile(ts.MkAbs("key.pem"), text, 0o600))
	ts.Setenv("KEY_LINE", strings.Split(string(text), "\n")[1])
	return &key.PublicKey
}

// unpackCommand unpacks a ZIP file into a folder:
//
//	unpack bundle.zip bundle
func unpackCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: unpack FILE.zip FOLDER")
	}
	z, err := zip.OpenReader(ts.MkAbs(args[0]))
	ts.Check(err)
	defer z.Close()
	ts.Check(os.MkdirAll(ts.MkAbs(args[1]), 0o700))
	for _, f := range z.File {
		in, err := f.Open()
		ts.Check(err)
		text, err := io.ReadAll(in)
		ts.Check(err)
		ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(args[1]), filepath.Base(f.Name)), text, 0o600))
	}
}

// lacksCommand fails when any file of the script's folder holds one of the
// texts, as it is or in base64:
//
//	lacks SECRET...
func lacksCommand(ts *testscript.TestScript, neg bool, args []string) {
	looked := 0
	ts.Check(filepath.WalkDir(ts.MkAbs("."), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		looked++
		for _, secret := range args {
			for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret))} {
				if secret != "" && strings.Contains(string(text), form) {
					ts.Fatalf("%s holds %s", path, secret)
				}
			}
		}
		return nil
	}))
	ts.Logf("%d files looked through", looked)
}

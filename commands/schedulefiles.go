package commands

import (
	"path/filepath"
	"slices"
	"strings"

	"adsync/commands/config"
)

// A credential is a file that systemd hands to the service: the account of the
// run need not be able to read the original.
type credential struct{ Name, Path string }

// reliance is what a configuration makes a run read and write.
type reliance struct {
	credentials []credential // files beside the configuration
	environment bool         // a secret stands in an environment variable
	inPlace     []string     // files that are read where they are
	writable    []string     // folders that are written to
	direct      bool         // something can only be had under an account of the machine
}

// relianceOf finds out what a run of the configuration relies on.
func relianceOf(f *config.File) reliance {
	r := reliance{}
	r.credentials = append(r.credentials, credential{configCredential(f.Path), f.Path})
	for _, at := range f.SecretKeys() {
		s := at.Secret
		switch {
		case s.Env != "":
			r.environment = true
		case s.Keyring != "", len(s.Command) > 0:
			r.direct = true
		default:
			r.file(f, s.File)
		}
	}
	for i := range f.Sources {
		s := &f.Sources[i]
		for _, path := range []string{s.TLS.CAFile, s.TLS.CertFile, s.TLS.KeyFile, s.Bind.Keytab, s.Bind.Krb5Conf, strings.TrimPrefix(s.Bind.CCache, "FILE:")} {
			r.file(f, path)
		}
		if s.LDIF() {
			r.file(f, strings.TrimPrefix(s.URL, "ldif:"))
		}
	}
	if f.Proxy != nil {
		r.file(f, f.Proxy.CAFile)
	}
	if t := f.Target; t != nil {
		for _, path := range []string{t.TLS.CAFile, t.TLS.CertFile, t.TLS.KeyFile} {
			r.file(f, path)
		}
		if t.File() {
			r.write(f.Folder())
		}
	}
	if f.Log.File != "" {
		r.write(filepath.Dir(f.Abs(f.Log.File)))
	}
	if f.Report.Dir != "" {
		r.write(f.Abs(f.Report.Dir))
	}
	if f.Monitor.MetricsFile != "" {
		r.write(filepath.Dir(f.Abs(f.Monitor.MetricsFile)))
	}
	return r
}

// file notes a file that a run reads.
func (r *reliance) file(f *config.File, path string) {
	name := filepath.Base(path)
	switch {
	case path == "" || strings.HasPrefix(path, "credential:"):
	case !filepath.IsAbs(path) && name == path && credentialName(name):
		c := credential{name, f.Abs(path)}
		if !slices.Contains(r.credentials, c) {
			r.credentials = append(r.credentials, c)
		}
	default:
		r.inPlace = append(r.inPlace, f.Abs(path))
		r.direct = r.direct || stranger.blockedAt(f.Abs(path)) != ""
	}
}

func (r *reliance) write(folder string) {
	r.direct = true
	r.writable = append(r.writable, folder)
}

// configCredential is the credential that holds the configuration.
func configCredential(path string) string {
	if name := filepath.Base(path); credentialName(name) {
		return name
	}
	return "adsync.yaml"
}

// credentialName reports whether systemd takes a name for a credential:
// printable ASCII without a colon (systemd.exec(5), LoadCredential=).
func credentialName(name string) bool {
	return name != "" && len(name) < 256 && !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 127 || r == ':' || r == '/' })
}

// isCredential reports whether a secret's file is one that systemd hands over.
func isCredential(path string) bool { return strings.HasPrefix(path, "credential:") }

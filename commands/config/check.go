package config

import (
	"fmt"
	"net"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// check finds what is wrong with a configuration that reads well.
func (f *File) check(r *reader) {
	switch {
	case !r.given("version"):
		r.report("version", "is missing", "the first line is version: 1")
	case f.Version != Version && !r.failed("version"):
		r.reportf("version", "%d is not a version this program reads (1)", f.Version)
	}
	if len(f.Sources) == 0 && !r.failed("sources") {
		r.report("sources", "at least one source is wanted", `"adsync init" asks for it`)
	}
	ids := map[string]string{}
	for i := range f.Sources {
		key := fmt.Sprintf("sources[%d]", i)
		f.Sources[i].check(r, key)
		if id := f.Sources[i].ID; id != "" {
			if first, taken := ids[id]; taken {
				r.reportf(key+".id", "%q is the id of %s too", id, first)
			} else {
				ids[id] = key
			}
		}
	}
	f.checkMapping(r)
	if f.Target != nil {
		f.Target.check(r, f.SourceIDs())
	}
	f.Policy.check(r)
	if f.Proxy != nil {
		f.Proxy.check(r)
	}
	f.Log.check(r)
	f.Report.check(r)
	f.Monitor.check(r)
}

// oneOf checks a word against those that are known.
func (r *reader) oneOf(key, value, noun string, known ...string) {
	if value == "" || slices.Contains(known, value) || r.failed(key) {
		return
	}
	r.reportf(key, "%q is not %s (%s)", value, noun, strings.Join(known, ", "))
}

// missing reports a key that must be there, unless something is wrong with
// what stands there already.
func (r *reader) missing(key, hint string) {
	if !r.failed(key) {
		r.report(key, "is missing", hint)
	}
}

// url reads a URL of one of the schemes, nil when it is not one. The text is
// not repeated in a problem, since a part of it may be a secret.
func (r *reader) url(key, text string, schemes ...string) *url.URL {
	if text == "" || r.failed(key) {
		return nil
	}
	u, err := url.Parse(text)
	wanted := strings.Join(schemes, ":// or ") + "://"
	switch {
	case err != nil || strings.TrimSpace(text) != text:
		r.reportf(key, "is not a URL")
	case u.User != nil:
		r.report(key, "holds a user name or a password", "take it out of the URL: what is secret has a key of its own")
	case !slices.Contains(schemes, strings.ToLower(u.Scheme)):
		r.reportf(key, "wants a URL that begins with %s", wanted)
	case u.Hostname() == "":
		r.reportf(key, "names no host")
	case u.Fragment != "":
		r.reportf(key, "holds a #, which has no meaning there")
	case !goodPort(u):
		r.reportf(key, "has a port outside 1 to 65535")
	default:
		u.Scheme = strings.ToLower(u.Scheme)
		return u
	}
	return nil
}

func goodPort(u *url.URL) bool {
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	port, err := net.LookupPort("tcp", u.Port())
	return err == nil && port > 0
}

// loopback reports whether a host is this machine, going by its name alone.
func loopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (r *reader) filter(key, filter string) {
	if filter == "" || r.failed(key) {
		return
	}
	if _, err := ldap.CompileFilter(filter); err != nil {
		r.reportf(key, "%q is not an LDAP filter", filter)
		r.problems[len(r.problems)-1].Hint = "such as (mail=*)"
	}
}

func (r *reader) distinguishedNames(key string, names Strings) {
	for i, name := range names {
		at := r.part(key, i)
		if r.failed(at) {
			continue
		}
		if dn, err := ldap.ParseDN(name); err != nil || len(dn.RDNs) == 0 {
			r.reportf(at, "%q is not a distinguished name", name)
			r.problems[len(r.problems)-1].Hint = "such as OU=People,DC=example,DC=com"
		}
	}
}

func (r *reader) globs(key string, globs Strings) {
	for i, glob := range globs {
		if _, err := path.Match(glob, ""); err != nil {
			r.reportf(r.part(key, i), "%q is not a pattern", glob)
			r.problems[len(r.problems)-1].Hint = "* stands for any text, ? for one character, [ wants its ]"
		}
	}
}

// part is the key of one of several texts: that of the list itself where a
// single text was written.
func (r *reader) part(key string, i int) string {
	if at := fmt.Sprintf("%s[%d]", key, i); r.given(at) {
		return at
	}
	return key
}

func (r *reader) atLeast(key string, value, least int) {
	if value < least && r.given(key) && !r.failed(key) {
		r.reportf(key, "%d is less than %d", value, least)
	}
}

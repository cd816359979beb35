package ldapsrc

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// logSearch writes the search as a command that can be pasted. It never holds
// a secret: ldapsearch asks for the password.
func (l *link) logSearch(req request, size int) {
	log := l.env.log()
	if log.Enabled(context.Background(), slog.LevelDebug) {
		log.Debug("search", "source", l.cfg.ID, "ldapsearch", l.ldapsearch(req, size))
	}
}

// ldapsearch is the OpenLDAP command line of a search.
func (l *link) ldapsearch(req request, size int) string {
	args := []string{"ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-H", l.server.String()}
	if l.cfg.TLS.StartTLS {
		args = append(args, "-ZZ")
	}
	switch l.cfg.bindMethod() {
	case Simple, NTLM:
		args = append(args, "-x", "-D", l.cfg.Bind.Username, "-W")
	case Kerberos:
		args = append(args, "-Y", "GSSAPI")
	case External:
		args = append(args, "-Y", "EXTERNAL")
	case Anonymous:
		args = append(args, "-x")
	}
	scope := [...]string{"base", "one", "sub"}
	args = append(args, "-b", req.base, "-s", scope[req.scope])
	for _, c := range req.controls {
		args = append(args, "-E", controlArgument(c))
	}
	if size > 0 {
		args = append(args, "-E", fmt.Sprintf("pr=%d/noprompt", size))
	}
	args = append(args, req.filter)
	args = append(args, req.attributes()...)
	for i, a := range args {
		args[i] = shellQuote(a)
	}
	line := strings.Join(args, " ")
	if l.cfg.TLS.CAFile != "" {
		line = "LDAPTLS_CACERT=" + shellQuote(l.cfg.TLS.CAFile) + " " + line
	}
	return line
}

// controlArgument is a control in the form of ldapsearch -E: "!" for critical,
// the value in base64 after two colons.
func controlArgument(c ldap.Control) string {
	packet := c.Encode()
	text, critical := c.GetControlType(), ""
	for _, child := range packet.Children[1:] {
		switch child.Tag {
		case ber.TagBoolean:
			if v, ok := child.Value.(bool); ok && v {
				critical = "!"
			}
		case ber.TagOctetString:
			text += "=::" + base64.StdEncoding.EncodeToString(child.Data.Bytes())
		}
	}
	return critical + text
}

// shellQuote quotes an argument for a POSIX shell.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=,@%+", r)
	}
	if s != "" && strings.TrimFunc(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

package ldapsrc

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// An explanation says in words what a server means, which setting it is
// about, and what to do.
type explanation struct {
	setting, problem, advice string
}

// adReasons are the sub-codes of AD's invalidCredentials, "data 52e": Win32
// and SSPI error codes in hexadecimal (MS-ERREF 2.2). 530 and higher are told
// only to one who has the right password.
var adReasons = map[string]explanation{
	"525": {"bind.username", "there is no such account", "write the name as account@domain or DOMAIN\\account"},
	"52e": {"bind.password", "the name or the password is wrong", "try them with: kinit NAME, or runas /user:NAME cmd on Windows; further attempts may lock the account"},
	"52f": {"bind.username", "the account's restrictions forbid this logon", "look at the account's logon hours, workstations and authentication policy"},
	"530": {"bind.username", "the account may not log on at this time of day", "change the logon hours of the account"},
	"531": {"bind.username", "the account may not log on from this machine", "add the domain controller to the account's \"Log On To\" list, or remove the list"},
	"532": {"bind.password", "the password has expired", "set a new one, and let the password of a service account never expire"},
	"533": {"bind.username", "the account is disabled", "enable it in Active Directory"},
	"534": {"bind.username", "the account lacks the right to log on in this way", "grant it \"Access this computer from the network\" on the domain controllers"},
	"568": {"bind.username", "the account is in too many groups", "use an account of its own, with few groups"},
	"57":  {"bind.method", "the server did not accept the way Kerberos was asked for", "check bind.spn: it must be ldap/ and the server's full name"},
	"701": {"bind.username", "the account has expired", "change its expiry date in Active Directory"},
	"773": {"bind.password", "the password must be changed before it can be used", "log on once with the account, or clear \"User must change password at next logon\""},
	"775": {"bind.username", "the account is locked out", "unlock it, and look for whoever tries wrong passwords before the next run locks it again"},
	"80090346": {"bind.method", "the server demands channel binding, which this method cannot give",
		"use bind.method simple over ldaps://, or kerberos; ntlm has no channel binding here"},
}

// bindResults are result codes of a bind (RFC 4511 A.2).
var bindResults = map[uint16]explanation{
	ldap.LDAPResultOperationsError:             {"bind.method", "the server does not take this bind", "the server may want TLS first, or another bind.method"},
	ldap.LDAPResultAuthMethodNotSupported:      {"bind.method", "the server does not know this method", "its rootDSE lists what it takes in supportedSASLMechanisms; simple over TLS works nearly everywhere"},
	ldap.LDAPResultStrongAuthRequired:          {"url", "the server demands encryption or signing", "use ldaps://, or set tls.starttls; or bind.method kerberos, which seals a plain connection"},
	ldap.LDAPResultConfidentialityRequired:     {"url", "the server demands encryption", "use ldaps:// or set tls.starttls"},
	ldap.LDAPResultNoSuchObject:                {"bind.username", "there is no such entry", "give the full DN of an entry that has a password"},
	ldap.LDAPResultInvalidDNSyntax:             {"bind.username", "the name is not a DN, which this server wants", "give the full DN, for example uid=adsync,ou=services,dc=example,dc=com"},
	ldap.LDAPResultInappropriateAuthentication: {"bind.username", "the entry cannot be bound to in this way: it has no password, or anonymous binds are off", "set a password for the entry, or use another account"},
	ldap.LDAPResultInvalidCredentials:          {"bind.password", "the name or the password is wrong", "try them with: ldapwhoami -x -W -H URL -D NAME"},
	ldap.LDAPResultInsufficientAccessRights:    {"bind.username", "the account may not bind", "ask whoever runs the directory for an account that may read it"},
	ldap.LDAPResultBusy:                        {"url", "the server is busy", "try again later, or name another server"},
	ldap.LDAPResultUnavailable:                 {"url", "the server is shutting down or not ready", "try again later, or name another server"},
	ldap.LDAPResultUnwillingToPerform:          {"bind.username", "the server will not do this bind", "the account may be locked, or this kind of bind switched off"},
	ldap.LDAPResultConstraintViolation:         {"bind.username", "the account is locked, or its password policy forbids the bind", "unlock it, and look at the server's password policy"},
	ldap.ErrorEmptyPassword:                    {"bind.password", "is empty", "give the account's password"},
	ldap.LDAPResultTimeLimitExceeded:           {"url", "the server took too long", "try again later, or name another server"},
	ldap.LDAPResultProtocolError:               {"bind.method", "the server does not understand this bind", "try bind.method simple over TLS"},
	ldap.LDAPResultReferral:                    {"url", "the server refers us to another one", "name the server that holds the account"},
	ldap.LDAPResultOther:                       {"bind.method", "the server could not do the bind", "look into the server's log"},
}

// kerberosErrors are errors of the KDC and of the service (RFC 4120 7.5.9).
var kerberosErrors = map[string]explanation{
	"KDC_ERR_C_PRINCIPAL_UNKNOWN":  {"bind.username", "the KDC does not know the account", "write it as account@REALM, by its logon name, and check bind.realm"},
	"KDC_ERR_S_PRINCIPAL_UNKNOWN":  {"bind.spn", "the KDC does not know the service", "name the server by its full DNS name, not by an alias or an address, or set bind.spn"},
	"KDC_ERR_PREAUTH_FAILED":       {"bind.password", "the password, or the key of the keytab, is wrong", "try it with kinit; a keytab must be made again after the password was changed"},
	"KDC_ERR_CLIENT_REVOKED":       {"bind.username", "the account is disabled, locked or expired", "look at the account in Active Directory"},
	"KDC_ERR_KEY_EXPIRED":          {"bind.password", "the password has expired, or must be changed at the next logon", "set a new one, and let the password of a service account never expire"},
	"KDC_ERR_ETYPE_NOSUPP":         {"bind.username", "account, KDC and keytab have no kind of encryption in common", "let the account support AES (msDS-SupportedEncryptionTypes 24), and set its password once more"},
	"KDC_ERR_WRONG_REALM":          {"bind.realm", "the account belongs to another realm", "set bind.realm to the domain of the account, in capitals"},
	"KDC_ERR_POLICY":               {"bind.username", "a policy of the KDC forbids the ticket", "look at the account's authentication policy and logon restrictions"},
	"KRB_AP_ERR_SKEW":              {"bind.method", "the clocks of this machine and of the KDC differ by more than five minutes", "set this machine's clock by NTP"},
	"KRB_AP_ERR_TKT_EXPIRED":       {"bind.ccache", "the ticket has expired", "run kinit again, or use a keytab"},
	"KRB_AP_ERR_MODIFIED":          {"bind.spn", "the server cannot read the ticket: it was made out for another one", "name the server by its own DNS name, or set bind.spn"},
	"KRB_AP_ERR_BADMATCH":          {"bind.spn", "the ticket and the account do not belong together", "run kinit again"},
	"KDC_ERR_NEVER_VALID":          {"bind.ccache", "the ticket is not valid yet, or no more", "compare the clocks, and run kinit again"},
	"KDC_ERR_CANNOT_POSTDATE":      {"bind.method", "the clocks of this machine and of the KDC differ", "set this machine's clock by NTP"},
	"KDC_ERR_CLIENT_NOTYET":        {"bind.username", "the account is not valid yet", "look at the account's dates"},
	"KDC_ERR_TGT_REVOKED":          {"bind.ccache", "the ticket was withdrawn", "run kinit again"},
	"KRB_ERR_RESPONSE_TOO_BIG":     {"bind.krb5_conf", "the KDC's answer does not fit a datagram", "set udp_preference_limit = 1 in krb5.conf"},
	"KDC_ERR_CLIENT_NAME_MISMATCH": {"bind.username", "the name and the account do not belong together", "write it as account@REALM, by its logon name"},
	"KDC_ERR_PADATA_TYPE_NOSUPP":   {"bind.method", "the account must log on with a smart card", "use an account that has a password"},
	"KDC_ERR_SERVICE_REVOKED":      {"bind.spn", "the server's account is disabled", "look at the computer account of the domain controller"},
	"KDC_ERR_SVC_UNAVAILABLE":      {"bind.kdc", "the KDC is not ready", "try again later, or name another KDC"},
	"KDC_ERR_MUST_USE_USER2USER":   {"bind.spn", "the service's name is a user's", "set bind.spn to ldap/ and the server's full DNS name"},
	"KDC_ERR_S_OLD_MAST_KVNO":      {"bind.spn", "the KDC has an old key of the service", "wait until the domain controllers have replicated"},
	"KRB_AP_ERR_INAPP_CKSUM":       {"bind.method", "the server rejects the channel binding", "something between here and the server opens the TLS connection; connect directly"},
	"KDC_ERR_PREAUTH_EXPIRED":      {"bind.ccache", "the ticket has expired", "run kinit again"},
}

var (
	adReason      = regexp.MustCompile(`\bdata ([0-9a-fA-F]+)`)
	kerberosError = regexp.MustCompile(`\b(KDC_ERR|KRB_AP_ERR|KRB_ERR)_[A-Z0-9_]+`)
)

// bindError explains why the server did not let us in.
func (l *link) bindError(err error) error {
	var setting *ConfigError
	if errors.As(err, &setting) {
		return setting
	}
	if lost := l.wire.failure(); lost != nil {
		err = lost
	}
	e := l.explainBind(err)
	if e.setting == "timeout" || connectionEnded(err) || ldap.IsErrorAnyOf(err, ldap.LDAPResultBusy, ldap.LDAPResultUnavailable) {
		// Not a refusal: another server may do better.
		return &ConnectError{Key: l.cfg.key(e.setting), Server: l.server.String(), Problem: e.problem, Advice: e.advice, Err: err}
	}
	return &BindError{Key: l.cfg.key(e.setting), Server: l.server.String(), As: l.as, Problem: e.problem, Advice: e.advice, Err: err}
}

func (l *link) explainBind(err error) explanation {
	var answer *ldap.Error
	if errors.As(err, &answer) && answer.ResultCode < ldap.ErrorNetwork || ldap.IsErrorWithCode(err, ldap.ErrorEmptyPassword) {
		return l.explainAnswer(answer)
	}
	text := err.Error()
	if name := kerberosError.FindString(text); name != "" {
		if e, ok := kerberosErrors[name]; ok {
			return e
		}
		return explanation{"bind", text, "look the error up in RFC 4120 7.5.9"}
	}
	switch {
	case errors.Is(err, errWeakTicket):
		return explanation{"bind.method", text, "let the domain controller's account use AES; RC4 is not spoken here"}
	case strings.Contains(text, "Encrypting_Error") || strings.Contains(text, "client password/keytab incorrect") || strings.Contains(text, "matching key not found in keytab"):
		return explanation{"bind.keytab", "the keytab has no fitting key for the account", "list it with klist -k -e: it must name the account, with AES keys"}
	case strings.Contains(text, "no KDC") || strings.Contains(text, "_kerberos."):
		return explanation{"bind.kdc", "no KDC is known for the realm: " + lastCause(text),
			"set bind.realm if the account's suffix is not its domain, bind.kdc, or use the domain's DNS servers"}
	case strings.Contains(text, "Networking_Error") || strings.Contains(text, "KDC") && strings.Contains(text, "error sending"):
		return explanation{"bind.kdc", "the KDC cannot be reached: " + lastCause(text), "open port 88 (TCP) to it, or set bind.kdc"}
	case strings.Contains(text, "remote error: tls:"):
		return explanation{"tls.cert_file", "the server does not accept the client certificate: " + text, "give a certificate that the server's authority issued"}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return explanation{"timeout", fmt.Sprintf("no answer for %s", l.cfg.timeout()), l.portAdvice("the server may hang; try another one, or raise timeout")}
	case connectionEnded(err):
		return explanation{"url", "the server ended the connection", l.portAdvice("look into the server's log; it may not know bind.method " + l.cfg.bindMethod())}
	}
	return explanation{"bind", text, ""}
}

// explainAnswer adds to a result what the way of binding makes of it.
func (l *link) explainAnswer(answer *ldap.Error) explanation {
	e := explainResult(answer)
	switch method := l.cfg.bindMethod(); answer.ResultCode {
	case ldap.LDAPResultAuthMethodNotSupported, ldap.LDAPResultInappropriateAuthentication:
		if method == External {
			// Servers offer EXTERNAL only to whom they know by the certificate.
			e.setting, e.advice = "tls.cert_file", "give a certificate whose authority the server trusts, and let the server map its subject to an account"
		}
	case ldap.LDAPResultInvalidCredentials:
		if method == Simple && l.cfg.Type == AD && !strings.ContainsAny(l.cfg.Bind.Username, `@\=`) {
			// A logon name by itself is none of the forms that AD takes (MS-ADTS 5.1.1.1.1).
			e.setting, e.advice = "bind.username", adReasons["525"].advice
		}
	}
	return e
}

func explainResult(answer *ldap.Error) explanation {
	text := ""
	if answer.Err != nil {
		text = strings.TrimRight(answer.Err.Error(), "\x00 ")
	}
	if answer.ResultCode == ldap.LDAPResultInvalidCredentials {
		reason := ""
		if m := adReason.FindStringSubmatch(text); m != nil {
			reason = strings.ToLower(m[1])
		}
		if strings.Contains(text, "80090346") {
			reason = "80090346"
		}
		if e, ok := adReasons[reason]; ok {
			e.problem += fmt.Sprintf(" (49, data %s)", reason)
			return e
		}
	}
	e, ok := bindResults[answer.ResultCode]
	if !ok {
		e = explanation{"bind", "the server refuses", "look the result code up in the server's manual"}
	}
	e.problem += fmt.Sprintf(" (%d", answer.ResultCode)
	if text != "" {
		e.problem += ": " + text
	}
	e.problem += ")"
	return e
}

// lastCause leaves out gokrb5's account of where in itself it failed.
func lastCause(text string) string {
	for _, mark := range []string{"KDC via TCP: ", "error sending to a KDC: ", "failed sending AS_REQ to KDC: ", "failed sending TGS_REQ to KDC: "} {
		if _, cause, ok := strings.Cut(text, mark); ok {
			text = cause
		}
	}
	return text
}

// portAdvice recognises the usual mix-up of the two ports.
func (l *link) portAdvice(otherwise string) string {
	if l.tls == nil && (l.server.port == "636" || l.server.port == "3269") {
		return "port " + l.server.port + " is for TLS from the start: use ldaps://" + l.server.host
	}
	return otherwise
}

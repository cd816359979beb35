package ldaptest

import (
	"crypto/tls"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// identity is who a connection is bound as.
type identity struct {
	bound bool
	dn    string
}

// integrityMessage is what a DC says to a bind that it wants protected.
const integrityMessage = "00002028: LdapErr: DSID-0C090276, comment: The server requires binds to turn on integrity checking if SSL\\TLS are not already active on the connection, data 0, v4563"

func bindMessage(data string) string {
	return "80090308: LdapErr: DSID-0C090449, comment: AcceptSecurityContext error, data " + data + ", v4563"
}

// handleBind is RFC 4511 section 4.2.
func (c *conn) handleBind(id int64, op *ber.Packet) error {
	if len(op.Children) < 3 {
		return c.answer(id, result{code: ldap.LDAPResultProtocolError}.encode(opBindResponse))
	}
	name := string(packetBytes(op.Children[1]))
	credentials := op.Children[2]
	request := Request{Op: OpBind, Connection: c.number, TLS: c.tls.Load(), DN: name, Method: "simple"}
	switch {
	case credentials.Tag == 3 && len(credentials.Children) > 0:
		request.Method = string(packetBytes(credentials.Children[0]))
	case credentials.Tag == sicilyNegotiate, credentials.Tag == sicilyResponse:
		request.Method = "NTLM"
	case credentials.Tag == 0 && len(packetBytes(credentials)) == 0:
		request.Method = "anonymous"
	}
	logged := c.srv.log.add(request)
	res, err := c.strikeAll(c.srv.faults.of(request))
	if err != nil {
		return err
	}
	if res == nil {
		c.bind = identity{} // RFC 4511 section 4.2.1: a failed bind leaves anonymous
		answer := c.authenticate(request, name, credentials)
		res = &answer
	}
	c.srv.log.update(logged, func(r *Request) { r.Done, r.Result = true, res.code })
	return c.answer(id, res.encode(opBindResponse))
}

func (c *conn) strikeAll(faults []*Injected) (*result, error) {
	for _, f := range faults {
		if res, err := c.strike(c.ctx, f.strike()); res != nil || err != nil {
			return res, err
		}
	}
	return nil, nil
}

func (c *conn) authenticate(request Request, name string, credentials *ber.Packet) result {
	switch request.Method {
	case "simple", "anonymous":
		if credentials.Tag != 0 {
			return result{code: ldap.LDAPResultAuthMethodNotSupported, message: "unknown authentication choice"}
		}
		return c.simpleBind(name, string(packetBytes(credentials)))
	case "NTLM":
		return c.ntlmBind(int(credentials.Tag), packetBytes(credentials))
	case "EXTERNAL":
		return c.externalBind()
	}
	return result{code: ldap.LDAPResultAuthMethodNotSupported, message: "SASL mechanism " + request.Method + " is not supported"}
}

func (c *conn) simpleBind(name, password string) result {
	d := c.srv.dir
	if c.srv.options.RequireTLS && !c.tls.Load() && password != "" {
		if d.flavor == ActiveDirectory {
			return result{code: ldap.LDAPResultStrongAuthRequired, message: integrityMessage}
		}
		return result{code: ldap.LDAPResultConfidentialityRequired, message: "confidentiality required"}
	}
	if password == "" {
		// RFC 4513 section 5.1.2: a name without a password proves nothing.
		switch {
		case name == "":
			return result{}
		case d.flavor == ActiveDirectory:
			return result{code: ldap.LDAPResultInvalidCredentials, message: bindMessage("52e")}
		}
		return result{code: ldap.LDAPResultUnwillingToPerform, message: "unauthenticated bind (DN with no password) disallowed"}
	}
	dn, data := d.checkPassword(name, password)
	switch {
	case data == "":
		c.bind = identity{bound: true, dn: dn}
		return result{}
	case data == "34":
		return result{code: ldap.LDAPResultInvalidDNSyntax, message: "invalid DN"}
	case d.flavor == ActiveDirectory:
		return result{code: ldap.LDAPResultInvalidCredentials, message: bindMessage(data)}
	}
	return result{code: ldap.LDAPResultInvalidCredentials}
}

// externalBind takes the client certificate's subject as the name (RFC 4513
// section 5.2.3).
func (c *conn) externalBind() result {
	if secured, ok := c.net.(*tls.Conn); ok {
		if chain := secured.ConnectionState().PeerCertificates; len(chain) > 0 {
			c.bind = identity{bound: true, dn: chain[0].Subject.String()}
			return result{}
		}
	}
	return result{code: ldap.LDAPResultInappropriateAuthentication, message: "SASL(-4): no mechanism available: no client certificate"}
}

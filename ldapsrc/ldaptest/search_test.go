package ldaptest

import (
	"testing"

	"github.com/go-ldap/ldap/v3"
)

func TestFilters(t *testing.T) {
	srv := serveCompany(t, Options{})
	c := bound(t, srv)
	ada, _ := srv.dir.Entry("CN=Ada Lovelace,OU=People," + suffix)
	guid := ada.GetRawAttributeValue("objectGUID")
	sid := ada.GetRawAttributeValue("objectSid")
	for _, test := range []struct{ name, filter, want string }{
		{"equality ignores case", "(mail=ADA@example.COM)", "Ada Lovelace"},
		{"equality ignores doubled blanks", "(cn= ada   lovelace )", "Ada Lovelace"},
		{"an alias is not known to AD", "(surname=*)", ""},
		{"a group of filters", "(&(objectCategory=person)(objectClass=user)(!(isCriticalSystemObject=TRUE)))", "Reader Ada Lovelace Charles Babbage"},
		{"either of two", "(|(cn=Engineers)(cn=Everyone))", "Engineers Everyone"},
		{"a substring at each place", "(userPrincipalName=a*@ex*.com)", "Ada Lovelace"},
		{"a substring that overlaps itself does not match", "(sAMAccountName=ad*da)", ""},
		{"presence", "(title=*)", "Ada Lovelace"},
		{"not of something absent matches", "(&(objectClass=user)(!(mail=ada@example.com))(userPassword=*))", ""},
		{"an unknown attribute matches nothing", "(costcenter=1)", ""},
		{"nor does its negation", "(!(costcenter=1))", ""},
		{"order of integers", "(&(userAccountControl>=514)(!(isCriticalSystemObject=*)))", "Charles Babbage"},
		{"all bits", "(&(userAccountControl:1.2.840.113556.1.4.803:=2)(!(isCriticalSystemObject=*)))", "Charles Babbage"},
		{"any bit", "(&(userAccountControl:1.2.840.113556.1.4.804:=3)(!(isCriticalSystemObject=*)))", "Charles Babbage"},
		{"bits of a negative number", "(&(groupType:1.2.840.113556.1.4.803:=2147483648)(cn=E*))", "Engineers Everyone"},
		{"a DN in another spelling", "(member=cn=ada lovelace, ou=people,dc=EXAMPLE,dc=com)", "Engineers"},
		{"direct members", "(memberOf=CN=Everyone,OU=Groups,DC=example,DC=com)", "Charles Babbage Engineers"},
		{"nested members", "(memberOf:1.2.840.113556.1.4.1941:=CN=Everyone,OU=Groups,DC=example,DC=com)", "Ada Lovelace Charles Babbage Engineers"},
		{"nested groups", "(member:1.2.840.113556.1.4.1941:=CN=Ada Lovelace,OU=People,DC=example,DC=com)", "Engineers Everyone"},
		{"a GUID as bytes", "(objectGUID=" + ldap.EscapeFilter(string(guid)) + ")", "Ada Lovelace"},
		{"a GUID as text", "(objectGUID=" + guidText([16]byte(guid)) + ")", "Ada Lovelace"},
		{"a SID as bytes", "(objectSid=" + ldap.EscapeFilter(string(sid)) + ")", "Ada Lovelace"},
		{"a SID as text", "(objectSid=" + sidText(sid) + ")", "Ada Lovelace"},
		{"a rule that AD does not have", "(mail:caseExactMatch:=Ada@Example.com)", ""},
		{"a class and its superclass", "(&(objectClass=organizationalPerson)(cn=a*)(mail=*))", "Ada Lovelace"},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, err := c.Search(subtree(test.filter, "1.1"))
			if err != nil {
				t.Fatal(err)
			}
			if got := names(result); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

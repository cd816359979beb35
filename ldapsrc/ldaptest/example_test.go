package ldaptest_test

import (
	"fmt"
	"strings"

	"adsync/ldapsrc/ldaptest"

	"github.com/go-ldap/ldap/v3"
)

// A domain of one user is served, and its second page goes wrong.
func Example() {
	dir := ldaptest.NewDirectory(ldaptest.ActiveDirectory, "DC=example,DC=com")
	if err := dir.LoadLDIF(strings.NewReader(`dn: CN=Reader,CN=Users,DC=example,DC=com
objectClass: user
sAMAccountName: reader
userPassword: secret
`)); err != nil {
		fmt.Println(err)
		return
	}
	srv, err := ldaptest.Start(dir, ldaptest.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = srv.Close() }()
	srv.Inject(ldaptest.Fault{Page: 2, Do: ldaptest.Refuse(ldap.LDAPResultBusy, "come back later")})

	conn, err := ldap.DialURL(srv.URL())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = conn.Close() }()
	if err := conn.Bind(`EXAMPLE\reader`, "secret"); err != nil {
		fmt.Println(err)
		return
	}
	request := ldap.NewSearchRequest("CN=Users,DC=example,DC=com", ldap.ScopeSingleLevel, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=user)", []string{"cn"}, nil)
	_, err = conn.SearchWithPaging(request, 2)
	fmt.Println(err)
	for _, r := range srv.Requests(ldaptest.OpSearch) {
		fmt.Println(r.Filter, "page", r.Page, "entries", r.Entries, "result", r.Result)
	}
	// Output:
	// LDAP Result Code 51 "Busy": come back later
	// (objectClass=user) page 1 entries 2 result 0
	// (objectClass=user) page 2 entries 0 result 51
}

package ldapsrc

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/directory"
)

// A rootDSE is what a server says of itself (RFC 4512 5.1, MS-ADTS
// 3.1.1.3.2).
type rootDSE struct {
	attributes directory.Attributes
}

// rootNames are the attributes of the rootDSE that we use. They are
// operational, so they must be asked for.
var rootNames = directory.NewNames(
	"namingContexts", "defaultNamingContext", "configurationNamingContext", "subschemaSubentry",
	"dnsHostName", "highestCommittedUSN", "supportedCapabilities", "supportedControl", "currentTime",
	"vendorName", "vendorVersion", "objectClass")

// Object identifiers that a rootDSE may have.
const (
	capabilityAD        = "1.2.840.113556.1.4.800" // LDAP_CAP_ACTIVE_DIRECTORY_OID
	controlExtendedDN   = "1.2.840.113556.1.4.529"
	controlPagedResults = ldap.ControlTypePaging
)

// get returns the values of one of the rootNames.
func (d *rootDSE) get(name string) []string { return d.attributes.Get(name) }

// first returns the first value of one of the rootNames, or "".
func (d *rootDSE) first(name string) string { return d.attributes.First(name) }

// activeDirectory reports whether the server is a domain controller.
func (d *rootDSE) activeDirectory() bool {
	return slices.Contains(d.get("supportedCapabilities"), capabilityAD)
}

// openLDAP reports whether the server is OpenLDAP's slapd.
func (d *rootDSE) openLDAP() bool {
	return slices.Contains(d.get("objectClass"), "OpenLDAProotDSE")
}

// supports reports whether the server knows a control.
func (d *rootDSE) supports(control string) bool {
	return slices.Contains(d.get("supportedControl"), control)
}

// clock is the server's time, zero when it does not say.
func (d *rootDSE) clock() time.Time {
	t, _ := generalizedTime(d.first("currentTime"))
	return t
}

// rootDSE reads what the server says of itself, once for a connection.
func (l *link) rootDSE(ctx context.Context) (*rootDSE, error) {
	if l.dse != nil {
		return l.dse, nil
	}
	values := make([][]string, rootNames.Len())
	found := false
	// Named one by one: "+" is not understood by all, "*" alone is not enough.
	_, err := l.search(ctx, request{scope: ldap.ScopeBaseObject, filter: "(objectClass=*)", names: rootNames, single: true,
		ask: append([]string{"*", "+"}, rootNames.List()...)},
		func(e *entry) error {
			found = true
			for i := range values {
				for _, v := range e.get(i) {
					values[i] = append(values[i], string(v))
				}
			}
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("read the rootDSE: %w", err)
	}
	l.dse = &rootDSE{attributes: rootNames.Attributes(values)}
	// Without a readable rootDSE paging is tried: it is critical, so a server
	// that cannot do it refuses.
	l.unpaged = found && len(l.dse.get("supportedControl")) > 0 && !l.dse.supports(controlPagedResults)
	return l.dse, nil
}

// kind names the server's software as far as the rootDSE tells it.
func (d *rootDSE) kind() string {
	switch {
	case d.activeDirectory() && strings.HasPrefix(d.first("vendorName"), "Samba"):
		return "Samba Active Directory"
	case d.activeDirectory():
		return "Active Directory"
	case d.openLDAP():
		return "OpenLDAP"
	case d.first("vendorVersion") != "":
		return d.first("vendorVersion")
	case d.first("vendorName") != "":
		return d.first("vendorName")
	}
	return "LDAP server"
}

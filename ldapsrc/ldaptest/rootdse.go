package ldaptest

import (
	"strconv"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// special returns the entries that are not in the tree: the rootDSE (RFC 4512
// section 5.1, [MS-ADTS] section 3.1.1.3.2) and the subschema; nil for others.
func (c *conn) special(request searchRequest) *entry {
	d := c.srv.dir
	if request.scope != ldap.ScopeBaseObject {
		return nil
	}
	if request.base == "" {
		d.mu.Lock() // names not yet in the schema are learnt
		defer d.mu.Unlock()
		if d.flavor == ActiveDirectory {
			return c.activeRootDSE()
		}
		return c.openRootDSE()
	}
	key, err := parseName(request.base)
	subschema, errSubschema := parseName(d.subschemaDN())
	if err != nil || errSubschema != nil || key != subschema {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	class := "subschema"
	if d.flavor == ActiveDirectory {
		class = "subSchema"
	}
	e := &entry{dn: d.subschemaDN(), key: key}
	e.set(d.schema, "objectClass", "top", class)
	definitions := d.schema.definitions()
	d.schema.operational("attributeTypes", d.flavor)
	e.set(d.schema, "attributeTypes", definitions...)
	return e
}

func (d *Directory) subschemaDN() string {
	if d.flavor == ActiveDirectory {
		return "CN=Aggregate,CN=Schema," + d.configuration()
	}
	return "cn=Subschema"
}

// operational makes an attribute of the rootDSE or subschema known. Of slapd
// they come on request only.
func (s *schema) operational(name string, flavor Flavor) {
	if s.lookup(name) != nil {
		return
	}
	t := attributeType{name: name, usage: inGC}
	if flavor == OpenLDAP {
		t.usage = onRequest
	}
	s.add(t)
}

func (c *conn) pseudoEntry(classes []string, nameValues map[string][]string) *entry {
	d := c.srv.dir
	e := &entry{}
	e.set(d.schema, "objectClass", classes...)
	for _, name := range sortedKeys(nameValues) {
		d.schema.operational(name, d.flavor)
		typ := d.schema.lookup(name)
		if typ.syntax == dn {
			a := attribute{typ: typ, name: name, key: typ.key}
			for _, value := range nameValues[name] {
				a.links = append(a.links, link{dn: value})
			}
			e.attrs = append(e.attrs, a)
			continue
		}
		e.set(d.schema, name, nameValues[name]...)
		e.attr(typ.key).name = name // dnsHostName here, dNSHostName elsewhere
	}
	return e
}

func (c *conn) activeRootDSE() *entry {
	d := c.srv.dir
	forest, configuration := d.forest.root, d.configuration()
	return c.pseudoEntry([]string{"top"}, map[string][]string{
		"namingContexts":                {d.suffix, configuration, "CN=Schema," + configuration},
		"defaultNamingContext":          {d.suffix},
		"rootDomainNamingContext":       {forest.suffix},
		"configurationNamingContext":    {configuration},
		"schemaNamingContext":           {"CN=Schema," + configuration},
		"subschemaSubentry":             {d.subschemaDN()},
		"dnsHostName":                   {c.srv.options.Host},
		"ldapServiceName":               {dnsName(forest.suffix) + ":" + c.srv.options.Host},
		"serverName":                    {d.serverDN()},
		"dsServiceName":                 {"CN=NTDS Settings," + d.serverDN()},
		"highestCommittedUSN":           {strconv.FormatInt(d.usn, 10)},
		"currentTime":                   {generalizedTime(time.Now(), d.flavor)},
		"isSynchronized":                {"TRUE"},
		"isGlobalCatalogReady":          {"TRUE"},
		"domainFunctionality":           {"7"},
		"forestFunctionality":           {"7"},
		"domainControllerFunctionality": {"7"},
		"supportedLDAPVersion":          {"3", "2"},
		"supportedControl":              knownControls(d.flavor),
		"supportedCapabilities":         {"1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1670", "1.2.840.113556.1.4.1791"},
		"supportedSASLMechanisms":       {"EXTERNAL"},
		"supportedExtension":            {startTLSOID, ldap.ControlTypeWhoAmI},
		"supportedLDAPPolicies":         {"MaxPageSize", "MaxValRange"},
	})
}

func (c *conn) openRootDSE() *entry {
	return c.pseudoEntry([]string{"top", "OpenLDAProotDSE"}, map[string][]string{
		"namingContexts":          {c.srv.dir.suffix},
		"subschemaSubentry":       {c.srv.dir.subschemaDN()},
		"supportedLDAPVersion":    {"3"},
		"supportedControl":        knownControls(c.srv.dir.flavor),
		"supportedExtension":      {startTLSOID, ldap.ControlTypeWhoAmI},
		"supportedFeatures":       {"1.3.6.1.4.1.4203.1.5.1", "1.3.6.1.4.1.4203.1.5.3"},
		"supportedSASLMechanisms": {"EXTERNAL"},
		"vendorName":              {"ldaptest"},
	})
}

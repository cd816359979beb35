package ldaptest

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"time"

	"adsync/ldapsrc/ldif"
)

// class is a structural class of AD.
type class struct {
	chain    []string
	category string
}

// classes are AD's structural classes with their superclasses, from the top
// down, and the last part of their defaultObjectCategory.
var classes = map[string]class{
	"user":                            {[]string{"top", "person", "organizationalPerson", "user"}, "Person"},
	"inetorgperson":                   {[]string{"top", "person", "organizationalPerson", "user", "inetOrgPerson"}, "Person"},
	"contact":                         {[]string{"top", "person", "organizationalPerson", "contact"}, "Person"},
	"person":                          {[]string{"top", "person"}, "Person"},
	"organizationalperson":            {[]string{"top", "person", "organizationalPerson"}, "Person"},
	"computer":                        {[]string{"top", "person", "organizationalPerson", "user", "computer"}, "Computer"},
	"msds-groupmanagedserviceaccount": {[]string{"top", "person", "organizationalPerson", "user", "computer", "msDS-GroupManagedServiceAccount"}, "ms-DS-Group-Managed-Service-Account"},
	"group":                           {[]string{"top", "group"}, "Group"},
	"foreignsecurityprincipal":        {[]string{"top", "foreignSecurityPrincipal"}, "Foreign-Security-Principal"},
	"organizationalunit":              {[]string{"top", "organizationalUnit"}, "Organizational-Unit"},
	"container":                       {[]string{"top", "container"}, "Container"},
	"builtindomain":                   {[]string{"top", "builtinDomain"}, "Builtin-Domain"},
	"domaindns":                       {[]string{"top", "domain", "domainDNS"}, "Domain-DNS"},
	"configuration":                   {[]string{"top", "configuration"}, "Configuration"},
	"crossrefcontainer":               {[]string{"top", "crossRefContainer"}, "Cross-Ref-Container"},
	"crossref":                        {[]string{"top", "crossRef"}, "Cross-Ref"},
	"sitescontainer":                  {[]string{"top", "sitesContainer"}, "Sites-Container"},
	"site":                            {[]string{"top", "site"}, "Site"},
	"serverscontainer":                {[]string{"top", "serversContainer"}, "Servers-Container"},
	"server":                          {[]string{"top", "server"}, "Server"},
	"ntdsdsa":                         {[]string{"top", "applicationSettings", "nTDSDSA"}, "NTDS-DSA"},
	"trusteddomain":                   {[]string{"top", "leaf", "trustedDomain"}, "Trusted-Domain"},
	"msds-managedserviceaccount":      {[]string{"top", "person", "organizationalPerson", "user", "computer", "msDS-ManagedServiceAccount"}, "ms-DS-Managed-Service-Account"},
}

// complete gives a new entry what a domain controller gives it ([MS-ADTS]
// section 3.1.1.5.2, and [MS-SAMR] for security principals).
func (d *Directory) complete(e *entry) {
	class := d.completeClass(e)
	now := generalizedTime(time.Now(), d.flavor)
	d.usn++
	e.setDefault(d.schema, "instanceType", "4")
	e.setDefault(d.schema, "whenCreated", now)
	e.setDefault(d.schema, "whenChanged", now)
	e.setDefault(d.schema, "uSNCreated", strconv.FormatInt(d.usn, 10))
	e.setDefault(d.schema, "uSNChanged", strconv.FormatInt(d.usn, 10))
	e.set(d.schema, "objectGUID", string(e.guid[:]))

	switch {
	case slices.Contains(class.chain, "user"):
		d.completeUser(e, slices.Contains(class.chain, "computer"))
	case slices.Contains(class.chain, "group"):
		e.setDefault(d.schema, "groupType", "-2147483646")
		e.setDefault(d.schema, "sAMAccountType", groupAccountType(e.text("grouptype")))
	case slices.Contains(class.chain, "foreignSecurityPrincipal"):
		if sid, ok := parseSID(e.text("cn")); ok {
			e.setDefault(d.schema, "objectSid", string(sid))
		}
		return
	case e.key == d.key:
		e.setDefault(d.schema, "objectSid", string(d.domainSID))
		return
	default:
		return
	}
	if e.attr("objectsid") == nil {
		e.set(d.schema, "objectSid", string(accountSID(d.domainSID, d.nextRID)))
		d.nextRID++
	}
}

func (d *Directory) completeClass(e *entry) class {
	var most class
	a := e.attr("objectclass")
	if a == nil || len(a.values) == 0 {
		return most
	}
	for _, value := range a.values {
		if c := classes[strings.ToLower(string(value))]; len(c.chain) > len(most.chain) {
			most = c
		}
	}
	all := slices.Clone(most.chain)
	for _, value := range a.values {
		if !slices.ContainsFunc(all, func(c string) bool { return strings.EqualFold(c, string(value)) }) {
			all = append(all, string(value))
		}
	}
	e.set(d.schema, "objectClass", all...)
	if most.category != "" && e.attr("objectcategory") == nil {
		category := "CN=" + most.category + ",CN=Schema," + d.configuration()
		key, _ := parseName(category)
		typ := d.schema.learn("objectCategory")
		e.attrs = append(e.attrs, attribute{typ: typ, name: typ.name, key: typ.key, links: []link{{dn: category, key: key}}})
	}
	return most
}

func (d *Directory) completeUser(e *entry, computer bool) {
	control, group, kind := "512", "513", "805306368"
	if computer {
		control, group, kind = "4096", "515", "805306369"
	}
	e.setDefault(d.schema, "userAccountControl", control)
	e.setDefault(d.schema, "primaryGroupID", group)
	e.setDefault(d.schema, "sAMAccountType", kind)
	e.setDefault(d.schema, "accountExpires", "9223372036854775807")
	e.setDefault(d.schema, "pwdLastSet", strconv.FormatInt(fileTime(time.Now()), 10))
}

// accountSID returns the SID of an account: the domain's and one word more.
func accountSID(domain []byte, rid uint32) []byte {
	sid := binary.LittleEndian.AppendUint32(slices.Clone(domain), rid)
	sid[1]++
	return sid
}

// groupAccountType derives sAMAccountType from groupType ([MS-SAMR] section 3.1.1.8.1).
func groupAccountType(groupType string) string {
	n, _ := strconv.ParseInt(groupType, 10, 64)
	local, security := n&4 != 0, n&0x80000000 != 0
	switch {
	case local && security:
		return "536870912"
	case local:
		return "536870913"
	case security:
		return "268435456"
	}
	return "268435457"
}

// fileTime counts steps of 100 ns since 1601.
func fileTime(t time.Time) int64 { return t.UnixNano()/100 + 116444736000000000 }

// addBuiltIns creates what every domain has.
func (d *Directory) addBuiltIns() error {
	configuration := d.configuration()
	key, err := parseName(configuration)
	if err != nil {
		return err
	}
	d.contexts = append(d.contexts, key)
	type object struct {
		dn    string
		attrs []ldif.Attribute
	}
	domain := func(rdn string) string { return rdn + "," + d.suffix }
	critical := func(rid uint32, nameValues ...string) []ldif.Attribute {
		return fields(append(nameValues, "isCriticalSystemObject", "TRUE", "objectSid", string(accountSID(d.domainSID, rid)))...)
	}
	objects := []object{
		{d.suffix, fields("objectClass", "domainDNS", "isCriticalSystemObject", "TRUE", "maxPwdAge", "-9223372036854775808")},
		{domain("CN=Users"), fields("objectClass", "container", "isCriticalSystemObject", "TRUE")},
		{domain("CN=Computers"), fields("objectClass", "container", "isCriticalSystemObject", "TRUE")},
		{domain("CN=System"), fields("objectClass", "container", "isCriticalSystemObject", "TRUE")},
		{domain("CN=ForeignSecurityPrincipals"), fields("objectClass", "container", "isCriticalSystemObject", "TRUE")},
		{domain("OU=Domain Controllers"), fields("objectClass", "organizationalUnit", "isCriticalSystemObject", "TRUE")},
		{domain("CN=Domain Users,CN=Users"), critical(513, "objectClass", "group", "sAMAccountName", "Domain Users")},
		{domain("CN=Domain Guests,CN=Users"), critical(514, "objectClass", "group", "sAMAccountName", "Domain Guests")},
		{domain("CN=Domain Computers,CN=Users"), critical(515, "objectClass", "group", "sAMAccountName", "Domain Computers")},
		{domain("CN=Domain Admins,CN=Users"), critical(512, "objectClass", "group", "sAMAccountName", "Domain Admins", "adminCount", "1")},
		{domain("CN=Administrator,CN=Users"), critical(500, "objectClass", "user", "sAMAccountName", "Administrator", "adminCount", "1")},
		{domain("CN=Guest,CN=Users"), critical(501, "objectClass", "user", "sAMAccountName", "Guest", "userAccountControl", "66082", "primaryGroupID", "514")},
		{domain("CN=krbtgt,CN=Users"), critical(502, "objectClass", "user", "sAMAccountName", "krbtgt", "userAccountControl", "514", "showInAdvancedViewOnly", "TRUE")},
		{configuration, fields("objectClass", "configuration")},
		{"CN=Partitions," + configuration, fields("objectClass", "crossRefContainer")},
		{"CN=Sites," + configuration, fields("objectClass", "sitesContainer")},
		{"CN=Default-First-Site-Name,CN=Sites," + configuration, fields("objectClass", "site")},
		{"CN=Servers,CN=Default-First-Site-Name,CN=Sites," + configuration, fields("objectClass", "serversContainer")},
		{"CN=Enterprise Configuration,CN=Partitions," + configuration, fields("objectClass", "crossRef", "nCName", configuration, "dnsRoot", dnsName(d.forest.root.suffix), "systemFlags", "1")},
	}
	for _, o := range objects {
		if _, err := d.insert(o.dn, o.attrs, true); err != nil {
			return err
		}
	}
	if members := d.entries["cn=domain admins,cn=users,"+d.key]; members != nil {
		if err := d.modify(members.dn, []Mod{AddValues("member", domain("CN=Administrator,CN=Users"))}); err != nil {
			return err
		}
	}
	if err := d.addServer(d); err != nil {
		return err
	}
	return d.addCrossRef(d)
}

// serverDN returns the DN of a domain controller's server object.
func (d *Directory) serverDN() string {
	return "CN=" + d.server + "-" + d.netbios + ",CN=Servers,CN=Default-First-Site-Name,CN=Sites," + d.configuration()
}

// addServer lists a domain controller below CN=Sites ([MS-ADTS] section 6.1.1.2.2).
func (d *Directory) addServer(dc *Directory) error {
	key, err := parseName(dc.serverDN())
	if err != nil || d.entries[key] != nil {
		return err
	}
	host := strings.ToLower(dc.server) + "." + dnsName(dc.suffix)
	if _, err := d.insert(dc.serverDN(), fields("objectClass", "server", "dNSHostName", host), true); err != nil {
		return err
	}
	_, err = d.insert("CN=NTDS Settings,"+dc.serverDN(), fields("objectClass", "nTDSDSA", "options", "1",
		"msDS-hasMasterNCs", dc.suffix, "msDS-hasMasterNCs", dc.configuration()), true)
	return err
}

// addCrossRef lists a domain below CN=Partitions ([MS-ADTS] section 6.1.1.2.1.1.1).
func (d *Directory) addCrossRef(domain *Directory) error {
	name := "CN=" + domain.netbios + ",CN=Partitions," + d.configuration()
	key, err := parseName(name)
	if err != nil || d.entries[key] != nil {
		return err
	}
	attrs := fields("objectClass", "crossRef", "nCName", domain.suffix, "dnsRoot", dnsName(domain.suffix), "nETBIOSName", domain.netbios, "systemFlags", "3")
	if parent := d.forest.parentOf(domain); parent != nil {
		attrs = append(attrs, fields("trustParent", "CN="+parent.netbios+",CN=Partitions,"+d.configuration())...)
	}
	_, err = d.insert(name, attrs, true)
	return err
}

// rebase gives the built-in accounts their place in a domain whose SID came
// with an export.
func (d *Directory) rebase(domainSID []byte) {
	old := d.domainSID
	d.domainSID = domainSID
	for _, e := range d.list {
		own := []byte(e.text("objectsid"))
		if !e.builtIn || len(own) != len(old)+4 {
			continue
		}
		delete(d.bySID, string(own))
		sid := accountSID(domainSID, binary.LittleEndian.Uint32(own[len(old):]))
		e.set(d.schema, "objectSid", string(sid))
		d.bySID[string(sid)] = e
	}
}

// parentOf returns the domain directly above another, nil for the root of a tree.
func (f *forest) parentOf(domain *Directory) *Directory {
	var parent *Directory
	for _, other := range f.domains {
		if other != domain && isBelow(domain.key, other.key) && (parent == nil || len(other.key) > len(parent.key)) {
			parent = other
		}
	}
	return parent
}

// fields makes attributes of names and values in turn.
func fields(nameValues ...string) []ldif.Attribute {
	var attrs []ldif.Attribute
	for i := 0; i+1 < len(nameValues); i += 2 {
		name, value := nameValues[i], []byte(nameValues[i+1])
		at := slices.IndexFunc(attrs, func(a ldif.Attribute) bool { return a.Name == name })
		if at < 0 {
			attrs = append(attrs, ldif.Attribute{Name: name})
			at = len(attrs) - 1
		}
		attrs[at].Values = append(attrs[at].Values, value)
	}
	return attrs
}

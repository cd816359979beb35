package ldaptest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// syntax says how the values of an attribute are compared.
type syntax uint8

const (
	text     syntax = iota // Directory String, caseIgnoreMatch
	exact                  // IA5 String, caseExactMatch
	dn                     // distinguishedNameMatch
	integer                // integerMatch, signed 64 bit
	boolean                // booleanMatch
	octets                 // octetStringMatch
	guid                   // octets, and the text form in a filter
	sid                    // octets, and the S-1-... form in a filter
	instant                // generalizedTimeMatch
	classOID               // objectIdentifierMatch over class names
)

var syntaxOIDs = map[syntax]string{
	text: "1.3.6.1.4.1.1466.115.121.1.15", exact: "1.3.6.1.4.1.1466.115.121.1.26", dn: "1.3.6.1.4.1.1466.115.121.1.12",
	integer: "1.3.6.1.4.1.1466.115.121.1.27", boolean: "1.3.6.1.4.1.1466.115.121.1.7", octets: "1.3.6.1.4.1.1466.115.121.1.40",
	guid: "1.3.6.1.4.1.1466.115.121.1.40", sid: "1.3.6.1.4.1.1466.115.121.1.40", instant: "1.3.6.1.4.1.1466.115.121.1.24",
	classOID: "1.3.6.1.4.1.1466.115.121.1.38",
}

// usage says when an attribute is returned.
type usage uint8

const (
	single      usage = 1 << iota // at most one value
	onRequest                     // only when named, or with "+"
	byNameOnly                    // only when named (AD's constructed attributes)
	constructed                   // computed from the rest
	secret                        // never returned
	inGC                          // a member of AD's partial attribute set
)

// attributeType is one line of a schema.
type attributeType struct {
	name   string
	syntax syntax
	usage  usage
	back   string // of a forward link: the attribute that shows it at the other end
	linked bool   // a forward link of AD
	key    string // name in lower case
}

func (t *attributeType) is(u usage) bool { return t.usage&u != 0 }

// sharedTypes are the attributes of people and groups that both flavours have.
var sharedTypes = []attributeType{
	{name: "objectClass", syntax: classOID, usage: inGC},
	{name: "cn", usage: inGC}, {name: "sn", usage: inGC}, {name: "givenName", usage: inGC}, {name: "initials", usage: inGC},
	{name: "displayName", usage: inGC}, {name: "description", usage: inGC}, {name: "mail", usage: inGC}, {name: "title"}, {name: "o"},
	{name: "ou", usage: inGC}, {name: "dc", usage: inGC}, {name: "c", usage: inGC}, {name: "l", usage: inGC}, {name: "st", usage: inGC},
	{name: "street"}, {name: "postalCode"}, {name: "postalAddress"}, {name: "postOfficeBox"}, {name: "physicalDeliveryOfficeName"},
	{name: "telephoneNumber", usage: inGC}, {name: "mobile"}, {name: "homePhone"}, {name: "pager"}, {name: "facsimileTelephoneNumber"},
	{name: "employeeNumber"}, {name: "employeeType"}, {name: "departmentNumber"}, {name: "preferredLanguage"}, {name: "uid"},
	{name: "businessCategory"}, {name: "carLicense"}, {name: "roomNumber"}, {name: "labeledURI", syntax: exact},
	{name: "manager", syntax: dn, usage: inGC}, {name: "secretary", syntax: dn}, {name: "seeAlso", syntax: dn}, {name: "owner", syntax: dn},
	{name: "member", syntax: dn, usage: inGC, back: "memberOf"}, {name: "uniqueMember", syntax: dn},
	{name: "jpegPhoto", syntax: octets}, {name: "userCertificate", syntax: octets, usage: inGC}, {name: "userPassword", syntax: octets, usage: secret},
	{name: "uidNumber", syntax: integer}, {name: "gidNumber", syntax: integer}, {name: "memberUid", syntax: exact},
	{name: "homeDirectory", syntax: exact}, {name: "loginShell", syntax: exact}, {name: "gecos"},
	{name: "supportedControl", usage: onRequest}, {name: "namingContexts", syntax: dn, usage: onRequest},
}

var openLDAPTypes = []attributeType{
	{name: "entryUUID", syntax: guid, usage: single | onRequest}, {name: "entryDN", syntax: dn, usage: single | onRequest | constructed},
	{name: "createTimestamp", syntax: instant, usage: single | onRequest}, {name: "modifyTimestamp", syntax: instant, usage: single | onRequest},
	{name: "creatorsName", syntax: dn, usage: single | onRequest}, {name: "modifiersName", syntax: dn, usage: single | onRequest},
	{name: "entryCSN", usage: single | onRequest}, {name: "structuralObjectClass", syntax: classOID, usage: single | onRequest},
	{name: "subschemaSubentry", syntax: dn, usage: single | onRequest | constructed}, {name: "hasSubordinates", syntax: boolean, usage: single | onRequest | constructed},
	{name: "memberOf", syntax: dn, usage: onRequest | constructed},
	{name: "pwdAccountLockedTime", usage: single | onRequest}, {name: "nsUniqueId", usage: single | onRequest}, {name: "ipaUniqueID", usage: single},
	{name: "nsAccountLock", usage: single | onRequest}, {name: "loginDisabled", syntax: boolean, usage: single},
	{name: "shadowExpire", syntax: integer, usage: single}, {name: "shadowLastChange", syntax: integer, usage: single},
	{name: "roleOccupant", syntax: dn}, {name: "nisNetgroupTriple", syntax: exact}, {name: "sshPublicKey", syntax: octets},
}

var activeDirectoryTypes = []attributeType{
	{name: "objectGUID", syntax: guid, usage: single | inGC}, {name: "objectSid", syntax: sid, usage: single | inGC}, {name: "sIDHistory", syntax: sid, usage: inGC},
	{name: "objectCategory", syntax: dn, usage: single | inGC}, {name: "instanceType", syntax: integer, usage: single | inGC},
	{name: "name", usage: single | constructed | inGC}, {name: "distinguishedName", syntax: dn, usage: single | constructed | inGC},
	{name: "memberOf", syntax: dn, usage: constructed}, {name: "directReports", syntax: dn, usage: constructed}, {name: "managedObjects", syntax: dn, usage: constructed},
	{name: "primaryGroupToken", syntax: integer, usage: single | constructed | byNameOnly}, {name: "tokenGroups", syntax: sid, usage: constructed | byNameOnly},
	{name: "canonicalName", usage: single | constructed | byNameOnly}, {name: "parentGUID", syntax: guid, usage: single | constructed | byNameOnly},
	{name: "msDS-User-Account-Control-Computed", syntax: integer, usage: single | constructed | byNameOnly},
	{name: "uSNCreated", syntax: integer, usage: single | inGC}, {name: "uSNChanged", syntax: integer, usage: single | inGC},
	{name: "whenCreated", syntax: instant, usage: single | inGC}, {name: "whenChanged", syntax: instant, usage: single | inGC},
	{name: "sAMAccountName", usage: single | inGC}, {name: "sAMAccountType", syntax: integer, usage: single | inGC},
	{name: "userPrincipalName", usage: single | inGC}, {name: "servicePrincipalName", usage: inGC},
	{name: "userAccountControl", syntax: integer, usage: single | inGC}, {name: "groupType", syntax: integer, usage: single | inGC},
	{name: "primaryGroupID", syntax: integer, usage: single | inGC}, {name: "accountExpires", syntax: integer, usage: single},
	{name: "pwdLastSet", syntax: integer, usage: single}, {name: "lockoutTime", syntax: integer, usage: single}, {name: "badPwdCount", syntax: integer, usage: single},
	{name: "lastLogon", syntax: integer, usage: single}, {name: "lastLogonTimestamp", syntax: integer, usage: single | inGC}, {name: "logonCount", syntax: integer, usage: single},
	{name: "adminCount", syntax: integer, usage: single}, {name: "codePage", syntax: integer, usage: single}, {name: "countryCode", syntax: integer, usage: single},
	{name: "co", usage: single}, {name: "company", usage: single}, {name: "department", usage: single}, {name: "division", usage: single},
	{name: "employeeID", usage: single}, {name: "streetAddress", usage: single}, {name: "info", usage: single}, {name: "comment", usage: single},
	{name: "wWWHomePage", usage: single}, {name: "url"}, {name: "ipPhone", usage: single}, {name: "otherTelephone"}, {name: "otherMobile"}, {name: "otherHomePhone"}, {name: "otherMailbox"},
	{name: "middleName", usage: single}, {name: "personalTitle", usage: single}, {name: "generationQualifier", usage: single}, {name: "thumbnailPhoto", syntax: octets, usage: single},
	{name: "mailNickname", usage: single}, {name: "proxyAddresses"}, {name: "targetAddress", usage: single}, {name: "legacyExchangeDN", usage: single}, {name: "textEncodedORAddress", usage: single},
	{name: "showInAddressBook", syntax: dn}, {name: "msExchHideFromAddressLists", syntax: boolean, usage: single}, {name: "msExchRecipientTypeDetails", syntax: integer, usage: single},
	{name: "managedBy", syntax: dn, usage: single, back: "managedObjects"}, {name: "isCriticalSystemObject", syntax: boolean, usage: single | inGC},
	{name: "systemFlags", syntax: integer, usage: single | inGC}, {name: "showInAdvancedViewOnly", syntax: boolean, usage: single | inGC}, {name: "isDeleted", syntax: boolean, usage: single | inGC},
	{name: "dNSHostName", usage: single | inGC}, {name: "operatingSystem", usage: single | inGC}, {name: "operatingSystemVersion", usage: single | inGC}, {name: "operatingSystemServicePack", usage: single},
	{name: "location", usage: single}, {name: "localPolicyFlags", syntax: integer, usage: single}, {name: "msDS-SupportedEncryptionTypes", syntax: integer, usage: single},
	{name: "nCName", syntax: dn, usage: single | inGC}, {name: "dnsRoot", usage: inGC}, {name: "nETBIOSName", usage: single | inGC}, {name: "trustParent", syntax: dn, usage: single | inGC},
	{name: "rootTrust", syntax: dn, usage: inGC}, {name: "uPNSuffixes", usage: inGC}, {name: "msDS-hasMasterNCs", syntax: dn}, {name: "options", syntax: integer, usage: single | inGC}, {name: "invocationId", syntax: octets, usage: single | inGC},
	{name: "serverReference", syntax: dn, usage: single | inGC}, {name: "trustPartner", usage: single | inGC}, {name: "flatName", usage: single | inGC}, {name: "trustDirection", syntax: integer, usage: single | inGC},
	{name: "trustType", syntax: integer, usage: single | inGC}, {name: "trustAttributes", syntax: integer, usage: single | inGC}, {name: "securityIdentifier", syntax: sid, usage: single | inGC},
	{name: "maxPwdAge", syntax: integer, usage: single}, {name: "lDAPAdminLimits"}, {name: "unicodePwd", syntax: octets, usage: single | secret}, {name: "nTSecurityDescriptor", syntax: octets, usage: single | byNameOnly},
	{name: "msDS-PrincipalName", usage: single | constructed | byNameOnly}, {name: "msDS-cloudExtensionAttribute1", usage: single}, {name: "msDS-cloudExtensionAttribute2", usage: single},
	{name: "extensionAttribute1", usage: single}, {name: "extensionAttribute2", usage: single}, {name: "extensionAttribute3", usage: single}, {name: "extensionAttribute4", usage: single}, {name: "extensionAttribute5", usage: single},
	{name: "extensionAttribute6", usage: single}, {name: "extensionAttribute7", usage: single}, {name: "extensionAttribute8", usage: single}, {name: "extensionAttribute9", usage: single}, {name: "extensionAttribute10", usage: single},
	{name: "extensionAttribute11", usage: single}, {name: "extensionAttribute12", usage: single}, {name: "extensionAttribute13", usage: single}, {name: "extensionAttribute14", usage: single}, {name: "extensionAttribute15", usage: single},
}

// aliases are the other names of RFC 4519 attributes.
var aliases = map[string]string{
	"commonname": "cn", "surname": "sn", "gn": "givenname", "rfc822mailbox": "mail", "userid": "uid", "organizationname": "o",
	"organizationalunitname": "ou", "domaincomponent": "dc", "localityname": "l", "stateorprovincename": "st", "countryname": "c",
	"streetaddress": "street", "mobiletelephonenumber": "mobile", "fax": "facsimiletelephonenumber",
}

// adSingle are the shared attributes that AD, unlike OpenLDAP, has once only.
var adSingle = []string{"cn", "sn", "givenName", "initials", "displayName", "mail", "title", "l", "st", "c", "street", "postalCode",
	"telephoneNumber", "mobile", "homePhone", "pager", "facsimileTelephoneNumber", "employeeNumber", "employeeType",
	"physicalDeliveryOfficeName", "preferredLanguage", "manager", "uidNumber", "gidNumber", "loginShell", "gecos"}

// schema is the set of attributes that a directory knows. An attribute that an
// LDIF file brings along is added to it, as text.
type schema struct {
	types map[string]*attributeType // by name in lower case
	alias map[string]string
}

func newSchema(flavor Flavor) *schema {
	s := &schema{types: map[string]*attributeType{}}
	tables := [][]attributeType{sharedTypes, openLDAPTypes}
	if flavor == ActiveDirectory {
		tables[1] = activeDirectoryTypes
	} else {
		s.alias = aliases
	}
	for _, table := range tables {
		for _, t := range table {
			s.add(t)
		}
	}
	if flavor == ActiveDirectory {
		for _, name := range adSingle {
			s.types[strings.ToLower(name)].usage |= single
		}
		s.types["manager"].back = "directReports"
		for _, t := range s.types {
			t.linked = t.back != ""
		}
	}
	return s
}

func (s *schema) add(t attributeType) *attributeType {
	t.key = strings.ToLower(t.name)
	s.types[t.key] = &t
	return &t
}

// lookup returns the type of an attribute description, options left aside,
// and nil if the schema has none.
func (s *schema) lookup(description string) *attributeType {
	name, _, _ := strings.Cut(description, ";")
	key := strings.ToLower(name)
	if t := s.types[key]; t != nil {
		return t
	}
	return s.types[s.alias[key]]
}

// learn is lookup for data: what is not known becomes known.
func (s *schema) learn(description string) *attributeType {
	if t := s.lookup(description); t != nil {
		return t
	}
	name, _, _ := strings.Cut(description, ";")
	return s.add(attributeType{name: name})
}

// definitions returns the attributeTypes values of the subschema entry (RFC
// 4512 section 4.1.2), sorted by name. Types without a well-known OID get one
// below 2.25, where anyone may number.
func (s *schema) definitions() []string {
	others := map[string][]string{}
	for alias, key := range s.alias {
		others[key] = append(others[key], alias)
	}
	var all []string
	for key, t := range s.types {
		names := "'" + t.name + "'"
		if more := others[key]; len(more) > 0 {
			slices.Sort(more)
			names = "( " + names + " '" + strings.Join(more, "' '") + "' )"
		}
		sum := sha256.Sum256([]byte(key))
		definition := fmt.Sprintf("( 2.25.%d NAME %s SYNTAX %s", binary.BigEndian.Uint32(sum[:]), names, syntaxOIDs[t.syntax])
		if t.is(single) {
			definition += " SINGLE-VALUE"
		}
		if t.is(constructed) {
			definition += " NO-USER-MODIFICATION"
		}
		if t.is(onRequest) {
			definition += " USAGE directoryOperation"
		}
		all = append(all, definition+" )")
	}
	slices.SortFunc(all, func(a, b string) int {
		_, a, _ = strings.Cut(a, "NAME ")
		_, b, _ = strings.Cut(b, "NAME ")
		return strings.Compare(strings.Trim(a, "( "), strings.Trim(b, "( "))
	})
	return all
}

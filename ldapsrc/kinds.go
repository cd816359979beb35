package ldapsrc

import "strings"

// A kind is what the reader relies on in one type of directory: which entries
// are users, groups and computers, and which attributes tell what about them.
// Where several attributes are named, the first that an entry has counts.
type kind struct {
	users, groups, computers string // filters

	anchors []string // the immutable id
	login   []string // of a user
	group   []string // the name of a group
	members []string // of a group: DNs, or logins in memberUid
	manager string
	state   []string // that tell whether an account may be used
	also    []string // read of every user: for excludes, canaries, built-ins, primary groups
}

var activeDirectory = kind{
	// The same users as (&(objectCategory=person)(objectClass=user)), by an
	// indexed attribute (SAM_NORMAL_USER_ACCOUNT, MS-SAMR 2.2.1.9).
	users:     "(sAMAccountType=805306368)",
	groups:    "(objectClass=group)",
	computers: "(&(objectClass=computer)(!(objectClass=msDS-ManagedServiceAccount))(!(objectClass=msDS-GroupManagedServiceAccount)))",
	anchors:   []string{"objectGUID"},
	login:     []string{"sAMAccountName", "cn"},
	group:     []string{"sAMAccountName", "cn"},
	members:   []string{"member"},
	manager:   "manager",
	state:     []string{"userAccountControl", "accountExpires"},
	also:      []string{"objectSid", "primaryGroupID", "isCriticalSystemObject", "userPrincipalName", "mail"},
}

var otherLDAP = kind{
	users: "(|(objectClass=inetOrgPerson)(objectClass=posixAccount))",
	// Members of a groupOfURLs are found by its memberURL when it is read,
	// where the server has an overlay for that (OpenLDAP's dynlist).
	groups:    "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=groupOfMembers)(objectClass=posixGroup)(objectClass=groupOfURLs))",
	computers: "(|(objectClass=device)(objectClass=ipHost)(objectClass=ipaHost))",
	// nsUniqueId first: 389 Directory Server has had it always and entryUUID
	// since 1.4.4 only, so an upgrade must not change the anchors. GUID is
	// eDirectory's.
	anchors: []string{"nsUniqueId", "entryUUID", "ipaUniqueID", "objectGUID", "GUID"},
	login:   []string{"uid", "cn"},
	group:   []string{"cn"},
	members: []string{"member", "uniqueMember", "memberUid"},
	manager: "manager",
	state:   []string{"nsAccountLock", "pwdAccountLockedTime", "shadowExpire", "loginDisabled", "loginExpirationTime"},
	also:    []string{"mail"},
}

// kind returns the type's own table with the source's settings applied.
func (c *Config) kind() kind {
	k := otherLDAP
	if c.Type == AD {
		k = activeDirectory
	}
	a := c.Attributes
	if a.Anchor != "" {
		k.anchors = []string{a.Anchor}
	}
	if a.Login != "" {
		k.login = []string{a.Login}
	}
	if a.Group != "" {
		k.group = []string{a.Group}
	}
	if a.Member != "" {
		k.members = []string{a.Member}
	}
	if a.Manager != "" {
		k.manager = a.Manager
	}
	return k
}

// A form is how the values of an attribute become text.
type form uint8

const (
	asText   form = iota // as they came; what is no UTF-8 as base64
	asWords              // the same, but what is no UTF-8 is damaged text: U+FFFD stands in its place
	asSID                // S-1-... (MS-DTYP 2.4.2.1)
	asGUID               // 8-4-4-4-12 (MS-DTYP 2.3.4.3)
	asBase64             // RFC 4648 4
)

// forms lists the attributes whose values are no text, in lower case.
var forms = map[string]form{
	"objectsid": asSID, "sidhistory": asSID, "tokengroups": asSID, "securityidentifier": asSID, "msexchmasteraccountsid": asSID,
	"objectguid": asGUID, "parentguid": asGUID, "msexchmailboxguid": asGUID, "guid": asGUID,
	// The source anchor of Entra Connect is this value in base64.
	"ms-ds-consistencyguid": asBase64,
	"thumbnailphoto":        asBase64, "jpegphoto": asBase64, "photo": asBase64, "thumbnaillogo": asBase64, "audio": asBase64,
	"usercertificate": asBase64, "usersmimecertificate": asBase64, "usersmime": asBase64, "cacertificate": asBase64, "userpkcs12": asBase64,
	"logonhours": asBase64, "userparameters": asBase64, "ntsecuritydescriptor": asBase64, "x500uniqueidentifier": asBase64,
}

// words are the attributes that hold text and nothing else (DirectoryString and
// IA5String, RFC 4517), of which what is no UTF-8 was damaged on the way.
var words = func() map[string]bool {
	m := map[string]bool{}
	for _, name := range strings.Fields(`
		cn commonname sn surname givenname gn displayname name initials title mail userprincipalname samaccountname uid
		mailnickname proxyaddresses targetaddress telephonenumber mobile facsimiletelephonenumber department departmentnumber
		division company o ou l st street streetaddress postalcode postaladdress postofficebox co c countrycode description info
		employeeid employeenumber preferredlanguage physicaldeliveryofficename roomnumber personaltitle dnshostname`) {
		m[name] = true
	}
	return m
}()

// formOf returns how values of an attribute are written.
func formOf(name string) form {
	base, _, _ := strings.Cut(name, ";")
	base = strings.ToLower(base)
	if words[base] {
		return asWords
	}
	return forms[base]
}

// builtInRIDs are the accounts that every domain is born with (MS-ADTS
// 6.1.1.6.1 to 6.1.1.6.3).
var builtInRIDs = map[uint32]string{500: "Administrator", 501: "Guest", 502: "krbtgt"}

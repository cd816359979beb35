package servers

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// slapdConf is slapd.conf(5). The database is not synced to the disk: it lives
// as long as a test.
const slapdConf = `include %[3]s/core.schema
include %[3]s/cosine.schema
include %[4]s
include %[3]s/inetorgperson.schema
include %[3]s/dyngroup.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload dynlist
TLSCACertificateFile %[1]s/ca.pem
TLSCertificateFile %[1]s/server.pem
TLSCertificateKeyFile %[1]s/server.key
TLSVerifyClient try
authz-regexp "^cn=([^,]+),o=clients$" "cn=$1,%[2]s"

database mdb
suffix "%[2]s"
rootdn "cn=admin,%[2]s"
rootpw admin-secret
directory %[1]s/db
maxsize 2147483648
dbnosync
index objectClass,entryUUID,uid,cn,mail,member,memberUid,memberOf,entryCSN eq
limits dn.exact="cn=reader,%[2]s" size=unlimited size.pr=1000 size.prtotal=unlimited
limits dn.exact="cn=capped,%[2]s" size.soft=500 size.hard=500 size.prtotal=500
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree="ou=hidden,%[2]s" by * none
access to * by users read by anonymous auth
%[5]s
overlay memberof
memberof-refint TRUE
`

const slapdBaseLDIF = `dn: dc=example,dc=com
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ou=people,dc=example,dc=com
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example,dc=com
objectClass: organizationalUnit
ou: groups

dn: ou=hidden,dc=example,dc=com
objectClass: organizationalUnit
ou: hidden

dn: cn=reader,dc=example,dc=com
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: reader-secret

dn: cn=capped,dc=example,dc=com
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: capped
userPassword: capped-secret
`

func (s *Slapd) configure(opts SlapdOptions) error {
	if _, _, err := s.ca.issueServer(s.address.IP, "127.0.0.1", "localhost"); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(s.dir, "db"), 0o700); err != nil {
		return fmt.Errorf("make slapd's database folder: %w", err)
	}
	nis := filepath.Join(slapdSchemaDir, "nis.schema")
	if opts.RFC2307bis {
		var err error
		if nis, err = writeRFC2307bis(s.dir, nis); err != nil {
			return err
		}
	}
	conf := fmt.Sprintf(slapdConf, s.dir, SlapdBase, slapdSchemaDir, nis, opts.Directives)
	if err := os.WriteFile(filepath.Join(s.dir, "slapd.conf"), []byte(conf), 0o600); err != nil {
		return fmt.Errorf("write slapd.conf: %w", err)
	}
	return nil
}

// writeRFC2307bis writes the nis schema with posixGroup as the draft
// rfc2307bis has it: auxiliary, and cn left to the structural class.
func writeRFC2307bis(dir, nis string) (string, error) {
	text, err := os.ReadFile(nis)
	if err != nil {
		return "", fmt.Errorf("read the nis schema: %w", err)
	}
	before, class, found := strings.Cut(string(text), "NAME 'posixGroup'")
	if !found {
		return "", fmt.Errorf("%s has no posixGroup", nis)
	}
	class = strings.Replace(class, "SUP top STRUCTURAL", "SUP top AUXILIARY", 1)
	class = strings.Replace(class, "MUST ( cn $ gidNumber )", "MUST gidNumber", 1)
	path := filepath.Join(dir, "rfc2307bis.schema")
	if err := os.WriteFile(path, []byte(before+"NAME 'posixGroup'"+class), 0o600); err != nil {
		return "", fmt.Errorf("write the rfc2307bis schema: %w", err)
	}
	return path, nil
}

package commands

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"adsync/ldapsrc/ldaptest"
	"adsync/ldapsrc/ldif"
	"adsync/upload/scimtest"
)

const (
	demoSuffix   = "DC=corp,DC=example,DC=com"
	demoUser     = "svc-adsync@corp.example.com"
	demoPassword = "demo-Pass-1"
)

// company is the demo's world: a directory and a service on loopback, and a
// folder with the configuration between them.
type company struct {
	dir       string
	directory *ldaptest.Directory
	ldap      *ldaptest.Server
	scim      *scimtest.Server
	teams     map[string][]string // DNs by department, in the order of hiring
	active    map[string]bool     // DNs of those who should have an active account
}

func openCompany(files fs.FS) (*company, error) {
	text, err := fs.ReadFile(files, "company.ldif")
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	c := &company{teams: map[string][]string{}, active: map[string]bool{}}
	if err := c.open(text); err != nil {
		c.close()
		return nil, fmt.Errorf("demo: %w", err)
	}
	return c, nil
}

func (c *company) open(text []byte) error {
	if err := c.meet(text); err != nil {
		return err
	}
	c.directory = ldaptest.NewDirectory(ldaptest.ActiveDirectory, demoSuffix)
	if err := c.directory.LoadLDIF(bytes.NewReader(text)); err != nil {
		return err
	}
	var err error
	if c.ldap, err = ldaptest.Start(c.directory, ldaptest.Options{RequireTLS: true}); err != nil {
		return err
	}
	if c.scim, err = scimtest.Start(scimtest.Options{Seed: 1}); err != nil {
		return err
	}
	if c.dir, err = os.MkdirTemp("", "adsync-demo-"); err != nil {
		return err
	}
	return c.configure()
}

func (c *company) close() {
	if c.ldap != nil {
		_ = c.ldap.Close()
	}
	if c.scim != nil {
		c.scim.Close()
	}
	if c.dir != "" {
		_ = os.RemoveAll(c.dir)
	}
}

// meet reads who works where.
func (c *company) meet(text []byte) error {
	seen := map[string]bool{}
	r := ldif.NewReader(bytes.NewReader(text))
	for {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		department, login := record.Value("department"), strings.ToLower(record.Value("userPrincipalName"))
		if department == "" || login == "" || record.Value("cn") == "Jo Twin" || seen[login] || login == "jtwin@example.com" {
			continue
		}
		seen[login] = true
		c.teams[department] = append(c.teams[department], record.DN)
		if record.Value("userAccountControl") == "512" {
			c.active[record.DN] = true
		}
	}
}

func (c *company) configure() error {
	text := fmt.Sprintf(`version: 1
sources:
  - id: corp
    type: ad
    url: %s
    tls: {ca_file: ca.pem}
    bind:
      username: %s
      password: {file: password}
    users: {base: "OU=People,%s"}
    groups: {sync: true, base: "OU=Groups,%s"}
target:
  url: %s
  auth: {bearer: {file: token}}
report: {dir: .}
`, c.ldap.LDAPSURL(), demoUser, demoSuffix, demoSuffix, c.scim.URL())
	for name, content := range map[string]string{
		"adsync.yaml": text,
		"password":    demoPassword + "\n",
		"token":       c.scim.Token() + "\n",
		"ca.pem":      string(c.ldap.CACertPEM()),
	} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// edit makes changes in the directory, one after the other.
func (c *company) edit(changes ...func() error) error {
	for _, change := range changes {
		if err := change(); err != nil {
			return err
		}
	}
	return nil
}

// nth is somebody of a department.
func (c *company) nth(department string, n int) string { return c.teams[department][n] }

func (c *company) hire(given, family, department string) func() error {
	return func() error {
		login := strings.ToLower(given[:1] + family)
		dn := fmt.Sprintf("CN=%s %s,OU=%s,OU=People,%s", given, family, department, demoSuffix)
		c.active[dn] = true
		c.teams[department] = append(c.teams[department], dn)
		err := c.directory.Add(dn, map[string][]string{
			"objectClass": {"top", "person", "organizationalPerson", "user"},
			"givenName":   {given}, "sn": {family}, "displayName": {given + " " + family},
			"sAMAccountName": {login}, "userPrincipalName": {login + "@example.com"},
			"mail":  {strings.ToLower(given+"."+family) + "@example.com"},
			"title": {"Trainee"}, "department": {department}, "userAccountControl": {"512"},
		})
		if err != nil {
			return err
		}
		return c.directory.Modify("CN=Team "+department+",OU=Groups,"+demoSuffix, ldaptest.AddValues("member", dn))
	}
}

func (c *company) disable(dn string) func() error {
	return func() error {
		delete(c.active, dn)
		return c.directory.Modify(dn, ldaptest.Replace("userAccountControl", "514"))
	}
}

func (c *company) dismiss(dn string) func() error {
	return func() error {
		delete(c.active, dn)
		return c.directory.Delete(dn)
	}
}

// marry gives somebody a new family name, and with it a new login and address.
func (c *company) marry(dn, family string) func() error {
	return func() error {
		entry, ok := c.directory.Entry(dn)
		if !ok {
			return fmt.Errorf("no entry %s", dn)
		}
		given := entry.GetAttributeValue("givenName")
		err := c.directory.Modify(dn,
			ldaptest.Replace("sn", family),
			ldaptest.Replace("displayName", given+" "+family),
			ldaptest.Replace("userPrincipalName", strings.ToLower(given[:1]+family)+"@example.com"),
			ldaptest.Replace("mail", strings.ToLower(given+"."+family)+"@example.com"))
		if err != nil {
			return err
		}
		return c.move(dn, strings.Replace(dn, dn[:strings.IndexByte(dn, ',')], "CN="+given+" "+family, 1))()
	}
}

func (c *company) move(dn, to string) func() error {
	return func() error {
		if c.active[dn] {
			delete(c.active, dn)
			c.active[to] = true
		}
		for _, team := range c.teams {
			if i := slices.Index(team, dn); i >= 0 {
				team[i] = to
			}
		}
		return c.directory.Rename(dn, to)
	}
}

// transfer moves somebody to another department.
func (c *company) transfer(dn, department string) func() error {
	return func() error {
		if err := c.directory.Modify(dn, ldaptest.Replace("department", department)); err != nil {
			return err
		}
		return c.move(dn, dn[:strings.IndexByte(dn, ',')]+",OU="+department+",OU=People,"+demoSuffix)()
	}
}

// aQuietWeek is what happens in a company.
func (c *company) aQuietWeek() error {
	return c.edit(
		c.hire("Mina", "Park", "Engineering"),
		c.hire("Noah", "Berg", "Support"),
		c.disable(c.nth("Sales", 3)),
		c.dismiss(c.nth("Finance", 4)),
		c.marry(c.nth("People", 2), "Sommer"),
		c.transfer(c.nth("Support", 5), "Engineering"),
	)
}

// salesVanishes deletes a whole department, by mistake or not.
func (c *company) salesVanishes() error {
	for _, dn := range c.teams["Sales"] {
		if err := c.directory.Delete(dn); err != nil {
			return err
		}
	}
	return nil
}

// inStep checks that exactly those who should have an active account do.
func (c *company) inStep() error {
	active := 0
	for _, u := range c.scim.Users() {
		if on, _ := u["active"].(bool); on {
			active++
		}
	}
	if active != len(c.active) {
		return fmt.Errorf("%d users are active at the service, expected %d", active, len(c.active))
	}
	return nil
}

// nothingWritten checks that the service was only asked.
func (c *company) nothingWritten() error {
	for _, r := range c.scim.Requests() {
		if r.Method != "GET" {
			return fmt.Errorf("%s %s was sent to the service", r.Method, r.Path)
		}
	}
	return nil
}

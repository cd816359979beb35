package scimtest

import "strings"

// The schema URNs the server knows without being told.
const (
	UserSchema       = "urn:ietf:params:scim:schemas:core:2.0:User"
	GroupSchema      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	EnterpriseSchema = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	EntraSchema      = "urn:ietf:params:scim:schemas:extension:Microsoft:Entra:2.0:User"
	DeviceSchema     = "urn:ietf:params:scim:schemas:core:2.0:Device"
)

// Attribute is an attribute's definition as /Schemas serves it (RFC 7643, section 7).
type Attribute struct {
	Name          string      `json:"name"`
	Type          string      `json:"type"`
	MultiValued   bool        `json:"multiValued"`
	Description   string      `json:"description,omitempty"`
	Required      bool        `json:"required"`
	CaseExact     bool        `json:"caseExact"`
	Mutability    string      `json:"mutability"`
	Returned      string      `json:"returned"`
	Uniqueness    string      `json:"uniqueness"`
	SubAttributes []Attribute `json:"subAttributes,omitempty"`
}

// Schema is a named set of attributes (RFC 7643, section 7).
type Schema struct {
	ID          string      `json:"id"`
	Name        string      `json:"name"`
	Description string      `json:"description,omitempty"`
	Attributes  []Attribute `json:"attributes"`
}

// attribute finds a definition by name, without regard to case (RFC 7643, section 2.1).
func (s *Schema) attribute(name string) *Attribute { return findAttribute(s.Attributes, name) }

// sub finds the definition of a sub-attribute.
func (a *Attribute) sub(name string) *Attribute {
	if a == nil {
		return nil
	}
	return findAttribute(a.SubAttributes, name)
}

func findAttribute(all []Attribute, name string) *Attribute {
	for i := range all {
		if strings.EqualFold(all[i].Name, name) {
			return &all[i]
		}
	}
	return nil
}

// resourceType is one kind of resource: its endpoint, its core schema and its extensions.
type resourceType struct {
	name       string
	endpoint   string
	schema     *Schema
	extensions []*Schema
}

// extension finds an extension by URN, without regard to case.
func (t *resourceType) extension(urn string) *Schema {
	for _, e := range t.extensions {
		if strings.EqualFold(e.ID, urn) {
			return e
		}
	}
	return nil
}

// definition finds what the schema says about a path; nil for an attribute nobody defines.
func (t *resourceType) definition(p attrPath) *Attribute {
	schema := t.schema
	if p.urn != "" && !strings.EqualFold(p.urn, t.schema.ID) {
		if schema = t.extension(p.urn); schema == nil {
			return nil
		}
	}
	a := schema.attribute(p.attr)
	if a == nil && schema == t.schema {
		a = findAttribute(commonAttributes, p.attr)
	}
	if p.sub != "" {
		return a.sub(p.sub)
	}
	return a
}

// commonAttributes are those every resource has (RFC 7643, section 3.1).
var commonAttributes = []Attribute{
	{Name: "id", Type: "string", CaseExact: true, Mutability: "readOnly", Returned: "always", Uniqueness: "server"},
	{Name: "externalId", Type: "string", CaseExact: true, Mutability: "readWrite", Returned: "default", Uniqueness: "none"},
	{Name: "schemas", Type: "reference", MultiValued: true, CaseExact: true, Mutability: "readWrite", Returned: "always", Uniqueness: "none"},
	{Name: "meta", Type: "complex", Mutability: "readOnly", Returned: "default", Uniqueness: "none", SubAttributes: []Attribute{
		{Name: "resourceType", Type: "string", CaseExact: true, Mutability: "readOnly", Returned: "default", Uniqueness: "none"},
		{Name: "created", Type: "dateTime", Mutability: "readOnly", Returned: "default", Uniqueness: "none"},
		{Name: "lastModified", Type: "dateTime", Mutability: "readOnly", Returned: "default", Uniqueness: "none"},
		{Name: "location", Type: "reference", CaseExact: true, Mutability: "readOnly", Returned: "default", Uniqueness: "none"},
		{Name: "version", Type: "string", CaseExact: true, Mutability: "readOnly", Returned: "default", Uniqueness: "none"},
	}},
}

// plain defines readWrite attributes that are returned by default and not unique, which most are.
func plain(kind string, names ...string) []Attribute {
	var out []Attribute
	for _, n := range names {
		out = append(out, Attribute{Name: n, Type: kind, Mutability: "readWrite", Returned: "default", Uniqueness: "none"})
	}
	return out
}

// complexAttribute defines an attribute made of sub-attributes.
func complexAttribute(name string, subs ...[]Attribute) Attribute {
	a := plain("complex", name)[0]
	for _, s := range subs {
		a.SubAttributes = append(a.SubAttributes, s...)
	}
	return a
}

// plural defines a multi-valued complex attribute with the default sub-attributes (RFC 7643, section 2.4).
func plural(name, valueType string, more ...[]Attribute) Attribute {
	subs := append([][]Attribute{plain(valueType, "value"), plain("string", "display", "type"), plain("boolean", "primary")}, more...)
	a := complexAttribute(name, subs...)
	a.MultiValued = true
	return a
}

// with changes a definition in place, for the few attributes that differ from the usual.
func with(a Attribute, change func(*Attribute)) Attribute {
	change(&a)
	return a
}

func userSchema() *Schema {
	attrs := []Attribute{
		with(plain("string", "userName")[0], func(a *Attribute) { a.Required, a.Uniqueness = true, "server" }),
		complexAttribute("name", plain("string", "formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix")),
	}
	attrs = append(attrs, plain("string", "displayName", "nickName")...)
	attrs = append(attrs, with(plain("reference", "profileUrl")[0], func(a *Attribute) { a.CaseExact = true }))
	attrs = append(attrs, plain("string", "title", "userType", "preferredLanguage", "locale", "timezone")...)
	attrs = append(attrs, plain("boolean", "active")...)
	attrs = append(attrs,
		with(plain("string", "password")[0], func(a *Attribute) { a.Mutability, a.Returned, a.CaseExact = "writeOnly", "never", true }),
		plural("emails", "string"), plural("phoneNumbers", "string"), plural("ims", "string"), plural("photos", "reference"),
		plural("addresses", "string", plain("string", "formatted", "streetAddress", "locality", "region", "postalCode", "country")),
		with(plural("groups", "string", plain("reference", "$ref")), func(a *Attribute) { a.Mutability = "readOnly" }),
		plural("entitlements", "string"), plural("roles", "string"), plural("x509Certificates", "binary"))
	return &Schema{ID: UserSchema, Name: "User", Description: "User Account", Attributes: attrs}
}

func enterpriseSchema() *Schema {
	attrs := plain("string", "employeeNumber", "costCenter", "organization", "division", "department")
	attrs = append(attrs, complexAttribute("manager",
		with1(plain("string", "value"), func(a *Attribute) { a.CaseExact = true }), plain("reference", "$ref"),
		with1(plain("string", "displayName"), func(a *Attribute) { a.Mutability = "readOnly" })))
	return &Schema{ID: EnterpriseSchema, Name: "EnterpriseUser", Description: "Enterprise User", Attributes: attrs}
}

func entraSchema() *Schema {
	return &Schema{ID: EntraSchema, Name: "EntraUser", Description: "Microsoft Entra user",
		Attributes: plain("string", "mailNickname", "officeLocation", "usageLocation", "onPremisesSAMAccountName")}
}

func with1(a []Attribute, change func(*Attribute)) []Attribute {
	change(&a[0])
	return a
}

func groupSchema() *Schema {
	members := plural("members", "string", plain("reference", "$ref"))
	members.sub("value").CaseExact = true
	return &Schema{ID: GroupSchema, Name: "Group", Description: "Group", Attributes: []Attribute{
		with(plain("string", "displayName")[0], func(a *Attribute) { a.Required = true }), members}}
}

// deviceSchema follows draft-ietf-scim-device-model as far as a computer account needs it.
func deviceSchema() *Schema {
	attrs := []Attribute{with(plain("string", "displayName")[0], func(a *Attribute) { a.Required = true })}
	attrs = append(attrs, plain("boolean", "active")...)
	attrs = append(attrs, plain("reference", "mudUrl")...)
	return &Schema{ID: DeviceSchema, Name: "Device", Description: "Device Account", Attributes: attrs}
}

// resourceTypes lists what this server offers, in the order /ResourceTypes shows it.
func resourceTypes(opts Options) []*resourceType {
	user := &resourceType{name: "User", endpoint: "/Users", schema: userSchema(), extensions: []*Schema{enterpriseSchema()}}
	if opts.Quirks.EntraExtension {
		user.extensions = append(user.extensions, entraSchema())
	}
	for i := range opts.Extensions {
		user.extensions = append(user.extensions, &opts.Extensions[i])
	}
	types := []*resourceType{user}
	if !opts.Quirks.NoGroups {
		types = append(types, &resourceType{name: "Group", endpoint: "/Groups", schema: groupSchema()})
	}
	if opts.Quirks.Devices {
		types = append(types, &resourceType{name: "Device", endpoint: "/Devices", schema: deviceSchema()})
	}
	for i := range opts.Types {
		custom := &opts.Types[i]
		types = append(types, &resourceType{name: custom.Name, endpoint: custom.Endpoint, schema: &custom.Schema})
	}
	return types
}

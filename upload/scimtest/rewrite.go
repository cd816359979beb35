package scimtest

import (
	"html"
	"net/http"
	"strings"
)

// admit refuses what a service does not take: missing, refused or repeated attributes.
func (s *Server) admit(t *resourceType, doc, in map[string]any, creating bool) error {
	quirks := s.quirks()
	for _, a := range t.schema.Attributes {
		if text, _ := doc[a.Name].(string); a.Required && strings.TrimSpace(text) == "" {
			return badRequest("invalidValue", "%s is required", a.Name)
		}
	}
	if t.name != "User" {
		return nil
	}
	for _, name := range quirks.Required {
		path, err := parseAttrPath(name)
		if err != nil {
			return err
		}
		if name == "password" {
			if creating && in["password"] == nil {
				return badRequest("invalidValue", "password is required")
			}
			continue
		}
		if len(valuesAt(t, doc, path)) == 0 {
			return badRequest("invalidValue", "%s is required", name)
		}
	}
	for _, name := range quirks.Refused {
		if path, err := parseAttrPath(name); err == nil && len(valuesAt(t, doc, path)) > 0 {
			return badRequest("invalidValue", "%s is not supported", name)
		}
	}
	if quirks.SingleValued {
		for name, v := range doc {
			if list, ok := v.([]any); ok && len(list) > 1 {
				return badRequest("invalidValue", "%s takes one value", name)
			}
		}
	}
	if quirks.RequirePrimaryEmail && primaryEmail(doc) == nil {
		return badRequest("invalidValue", "a primary email is required")
	}
	return nil
}

func primaryEmail(doc map[string]any) map[string]any {
	for _, v := range listOf(doc["emails"]) {
		if m, ok := v.(map[string]any); ok && m["primary"] == true {
			return m
		}
	}
	return nil
}

// rewrite changes what a service changes without being asked.
func (s *Server) rewrite(t *resourceType, doc map[string]any, old *resource) {
	quirks := s.quirks()
	for _, name := range quirks.LowerCase {
		changePath(t, doc, name, strings.ToLower)
	}
	for _, name := range quirks.UpperCase {
		changePath(t, doc, name, strings.ToUpper)
	}
	for _, name := range quirks.EscapeHTML {
		changePath(t, doc, name, func(s string) string { return html.EscapeString(html.UnescapeString(s)) })
	}
	for _, name := range []string{"userName", "displayName"} {
		if text, ok := doc[name].(string); ok && quirks.NamePrefix != "" && (name == "userName") == (t.name == "User") {
			doc[name] = quirks.NamePrefix + strings.TrimPrefix(text, quirks.NamePrefix)
		}
	}
	if title, ok := doc["title"].(string); ok && quirks.TextLength > 0 && len(title) > quirks.TextLength {
		doc["title"] = title[:quirks.TextLength]
	}
	if id, ok := doc["externalId"].(string); ok && quirks.ExternalIDLength > 0 && len(id) > quirks.ExternalIDLength {
		doc["externalId"] = id[:quirks.ExternalIDLength]
	}
	if t.name == "Group" {
		for _, name := range quirks.GroupNotStored {
			dropPath(t, doc, name)
		}
	}
	if t.name != "User" {
		return
	}
	for _, name := range quirks.NotStored {
		dropPath(t, doc, name)
	}
	if old != nil && len(quirks.ReadOnly) > 0 {
		before := old.attributes()
		for _, name := range quirks.ReadOnly {
			keepPath(t, doc, before, name)
		}
	}
	if quirks.NormalisePhones {
		eachValue(doc["phoneNumbers"], func(v string) string {
			return strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "").Replace(v)
		})
	}
	if quirks.LowerCaseEmails {
		eachValue(doc["emails"], strings.ToLower)
	}
	if name, ok := doc["userName"].(string); ok && quirks.LowerCaseUserName {
		doc["userName"] = strings.ToLower(name)
	}
	if quirks.DefaultLanguage != "" && doc["preferredLanguage"] == nil {
		doc["preferredLanguage"] = quirks.DefaultLanguage
	}
	if name, ok := doc["name"].(map[string]any); ok && quirks.RecomputeFormatted {
		given, _ := name["givenName"].(string)
		family, _ := name["familyName"].(string)
		name["formatted"] = strings.TrimSpace(given + " " + family)
	}
	if list := listOf(doc["emails"]); len(list) == 1 && quirks.FirstEmailPrimary {
		if m, ok := list[0].(map[string]any); ok {
			m["primary"] = true
		}
	}
}

// eachValue changes the "value" of every element.
func eachValue(list any, change func(string) string) {
	for _, v := range listOf(list) {
		if m, ok := v.(map[string]any); ok {
			if text, ok := m["value"].(string); ok {
				m["value"] = change(text)
			}
		}
	}
}

// dropPath removes an attribute, or a sub-attribute from every value.
func dropPath(t *resourceType, doc map[string]any, name string) {
	path, err := parseAttrPath(name)
	if err != nil {
		return
	}
	box := container(t, doc, path)
	if path.sub == "" {
		delete(box, path.attr)
		return
	}
	for _, v := range listOf(box[path.attr]) {
		if m, ok := v.(map[string]any); ok {
			delete(m, path.sub)
		}
	}
}

// changePath changes the text of an attribute, or of a sub-attribute in every value.
func changePath(t *resourceType, doc map[string]any, name string, change func(string) string) {
	path, err := parseAttrPath(name)
	if err != nil {
		return
	}
	box := container(t, doc, path)
	if text, ok := box[path.attr].(string); ok && path.sub == "" {
		box[path.attr] = change(text)
	}
	for _, v := range listOf(box[path.attr]) {
		if m, ok := v.(map[string]any); ok {
			if text, ok := m[path.sub].(string); ok {
				m[path.sub] = change(text)
			}
		}
	}
}

// keepPath puts an attribute back to what it was.
func keepPath(t *resourceType, doc, before map[string]any, name string) {
	path, err := parseAttrPath(name)
	if err != nil {
		return
	}
	box, was := container(t, doc, path), container(t, before, path)
	if box == nil {
		return
	}
	if v, ok := was[path.attr]; ok {
		box[path.attr] = v
		return
	}
	delete(box, path.attr)
}

// activeOnly is the answer of a service whose PATCH only switches users on and off.
func activeOnly() error {
	return &failure{http.StatusBadRequest, "invalidPath", "only active can be changed by PATCH"}
}

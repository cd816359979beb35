package main

import (
	"fmt"
	"slices"
	"strings"

	"adsync/ldapsrc/ldif"
	"adsync/upload/scimtest"
)

// workstations are a resource type of a service's own, without active.
var workstations = scimtest.Type{Name: "Workstation", Endpoint: "/Workstations", Schema: scimtest.Schema{
	ID: "urn:example:params:scim:schemas:1.0:Workstation", Name: "Workstation",
	Attributes: []scimtest.Attribute{{Name: "displayName", Type: "string", Required: true}, {Name: "os", Type: "string"}},
}}

// describe is what a service holds, one line for each resource, sorted.
func describe(s *scimtest.Server, kind string) string {
	var lines []string
	names := map[string]string{}
	for _, u := range s.Users() {
		name := fmt.Sprint(u["userName"])
		names[fmt.Sprint(u["id"])] = name
		state := "active"
		if on, _ := u["active"].(bool); !on {
			state = "inactive"
		}
		switch kind {
		case "ids":
			lines = append(lines, fmt.Sprintf("%s %v\n", name, u["externalId"]))
		case "users":
			lines = append(lines, fmt.Sprintf("%s %s %v\n", name, state, u["title"]))
		}
	}
	if kind == "groups" {
		for _, g := range s.Groups() {
			names[fmt.Sprint(g["id"])] = fmt.Sprint(g["displayName"])
		}
		for _, g := range s.Groups() {
			var members []string
			for _, id := range s.MemberIDs(fmt.Sprint(g["id"])) {
				members = append(members, names[id])
			}
			slices.Sort(members)
			lines = append(lines, fmt.Sprintf("%v: %s\n", g["displayName"], strings.Join(members, ", ")))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// renamed is the DN that a modrdn record gives its entry.
func renamed(r *ldif.Record) string {
	parent := r.NewSuperior
	if parent == "" {
		_, parent, _ = strings.Cut(r.DN, ",")
	}
	return r.NewRDN + "," + parent
}

package scimtest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"adsync/upload/scimtest"
)

// fullUser has whatever any service requires.
const fullUser = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"$schemas],"userName":"ada@example.com","externalId":"corp:1","active":true,"displayName":"Ada L",
	"name":{"givenName":"Ada","familyName":"L"},"emails":[{"value":"ada@example.com","type":"work","primary":true}],"password":"x"$more}`

func TestServices(t *testing.T) {
	for _, name := range slices.Concat(scimtest.Services(), scimtest.Implementations()) {
		t.Run(name, func(t *testing.T) {
			quirks, err := scimtest.ForService(name)
			if err != nil {
				t.Fatal(err)
			}
			c := withQuirks(t, quirks)
			c.extra = http.Header{"Accept": {"application/scim+json, application/json"}, "User-Agent": {"adsync/test"}}
			body := strings.NewReplacer("$schemas", "", "$more", "").Replace(fullUser)
			if quirks.EntraExtension {
				body = strings.NewReplacer("$schemas", `,"`+scimtest.EntraSchema+`"`, "$more", `,"`+scimtest.EntraSchema+`":{"mailNickname":"ada"}`).Replace(fullUser)
			}
			id := c.do(201, "POST", "/Users", body).str("id")
			if list, err := c.try("GET", "/Users", ""); err != nil || list.status == 200 && list.names() != "ada@example.com" {
				t.Errorf("list: %v %s", err, list.text)
			}
			r, err := c.try("PATCH", "/Users/"+id, turnOff)
			if err != nil || r.status != 200 && r.status != 204 {
				t.Errorf("deactivate: %v %d %s", err, r.status, r.text)
			}
			if c.srv.User("ada@example.com")["active"] != false {
				t.Error("still active")
			}
			switch quirks.Delete {
			case scimtest.DeleteRefused:
				c.do(405, "DELETE", "/Users/"+id, "")
			default:
				c.do(204, "DELETE", "/Users/"+id, "")
			}
		})
	}
	if _, err := scimtest.ForService("nobody"); err == nil || !strings.HasPrefix(err.Error(), `no service "nobody": there are 1password, atlassian, authentik, aws,`) {
		t.Errorf("an unknown service: %v", err)
	}
}

// TestServicesInDetail plays what is particular to a service, as its documentation has it.
func TestServicesInDetail(t *testing.T) {
	plain := strings.NewReplacer("$schemas", "", "$more", "").Replace(fullUser)
	entra := strings.NewReplacer("$schemas", `,"`+scimtest.EntraSchema+`"`, "$more", `,"`+scimtest.EntraSchema+`":{"mailNickname":"ada"}`).Replace(fullUser)
	twoEmails := strings.Replace(plain, `"emails":[`, `"emails":[{"value":"x@example.com"},`, 1)
	for _, row := range []struct {
		service string
		steps   []step
	}{
		{"aws", []step{
			{"POST", "/Users", newOther, 400, "displayName", ""},
			{"POST", "/Users", twoEmails, 400, "emails", ""},
			{"POST", "/Users", plain, 201, "", ""},
			{"POST", "/Groups", groupHead + `"displayName":"g","members":[{"value":"$1"}]}`, 201, "", "members"},
			{"GET", `/Groups?filter=id eq "$2" and members eq "$1"`, "", 200, `"totalResults":1`, "members"},
			{"GET", `/Users?filter=groups.value eq "$2"`, "", 200, "ada@", ""},
			{"PATCH", "/Groups/$2", members(`{"op":"replace","path":"members","value":[]}`), 400, "", ""},
			{"PUT", "/Groups/$2", groupHead + `"displayName":"h"}`, 405, "", ""},
			{"GET", "/Users?cursor=&count=1000", "", 200, `"itemsPerPage":1`, ""},
			{"POST", "/Bulk", "{}", 404, "", ""},
		}},
		{"entra-scim", []step{
			{"POST", "/Users", plain, 400, "mailNickname", ""},
			{"POST", "/Users", entra, 201, "", "password"},
			{"POST", "/Groups", groupHead + `"displayName":"g","externalId":"corp:2","members":[{"value":"$1"}]}`, 201, "", "corp:2"},
			{"GET", "/Users", "", 200, `"resources"`, "totalResults"},
			{"GET", `/Users?filter=externalId eq "corp:1"`, "", 200, "ada@", ""},
			{"GET", `/Users?filter=userName eq "a" or userName eq "b"`, "", 400, "invalidFilter", ""},
			{"GET", `/Groups?filter=externalId eq "corp:2"`, "", 400, "invalidFilter", ""},
			{"PUT", "/Users/$1", entra, 405, "", ""},
			{"DELETE", "/Users/$1", "", 204, "", ""},
			{"POST", "/Users", entra, 409, "", ""},
		}},
		{"github", []step{
			{"POST", "/Users", plain, 201, "", ""},
			{"PATCH", "/Users/$1", turnOff, 200, `"active":false`, "ada@example.com"},
			{"GET", `/Users?filter=externalId eq "corp:1"`, "", 200, `"id":"$1"`, "ada@example.com"},
			{"GET", "/users", "", 404, "", ""},
		}},
		{"atlassian", []step{
			{"POST", "/Users", plain, 201, "", ""},
			{"DELETE", "/Users/$1", "", 204, "", ""},
			{"GET", "/Users/$1", "", 404, "", ""},
			{"PATCH", "/Users/$1", turnOn, 200, `"active":true`, ""},
		}},
		{"gitlab", []step{
			{"POST", "/Users", plain, 201, `"id":"corp:1"`, ""},
			{"GET", `/Users?filter=id eq "corp:1"`, "", 200, "ada@", ""},
			{"PATCH", "/Users/corp:1", patchHead + `[{"op":"replace","path":"active","value":"false"}]}`, 204, "", ""},
			{"PATCH", "/Users/corp:1", setTitle, 400, "", ""},
			{"GET", "/Groups", "", 404, "", ""},
		}},
		{"snowflake", []step{
			{"POST", "/Users", plain, 201, "", ""},
			{"GET", `/Users?filter=userName sw "ada"`, "", 200, "ada@", ""},
			{"GET", `/Users?filter=userName eq "a" and active eq true`, "", 400, "invalidFilter", ""},
		}},
		{"zoom", []step{
			{"POST", "/Users", plain, 201, "", ""},
			{"PATCH", "/Users/$1", setTitle, 400, "", ""},
			{"PUT", "/Users/$1", strings.Replace(plain, `"displayName":"Ada L"`, `"title":"new"`, 1), 200, `"title":"new"`, ""},
		}},
		{"keycloak", []step{
			{"POST", "/Users", plain, 201, "", ""},
			{"POST", "/Groups", groupHead + `"displayName":"g","members":[{"value":"$1"}]}`, 400, "", ""},
			{"POST", "/Groups", groupHead + `"displayName":"g"}`, 201, "", ""},
			{"PATCH", "/Groups/$2", members(`{"op":"add","path":"members","value":[{"value":"$1"}]}`), 200, "", "members"},
			{"GET", "/Groups/$2?attributes=members", "", 200, "$1", ""},
			{"GET", `/Users?filter=id eq "$1"`, "", 200, `"totalResults":0`, ""},
			{"POST", "/Groups", groupHead + `"displayName":"G"}`, 409, "", ""},
		}},
		{"authentik", []step{
			{"POST", "/Users", plain, 201, "", ""},
			{"POST", "/Users", userHead + `"userName":"ada@example.com","externalId":"other:1"}`, 201, `"id":"$1"`, ""},
			{"GET", "/Users?startIndex=21&count=20", "", 200, `"startIndex":1`, ""},
			{"GET", `/Users?filter=emails.value eq "ada@example.com"`, "", 400, "", ""},
		}},
		{"zitadel", []step{
			{"POST", "/Users", newUser, 400, "primary", ""},
			{"POST", "/Users", strings.Replace(plain, `"password"`, `"phoneNumbers":[{"value":"+1 555-555-5555"}],"password"`, 1), 201, `"value":"+15555555555"`, `"type":"work"`},
			{"GET", "/Users/$1", "", 200, `"preferredLanguage":"und"`, ""},
			{"GET", "/Groups", "", 404, "", ""},
			{"PATCH", "/Users/$1", setTitle, 204, "", ""},
		}},
		{"google", []step{
			{"POST", "/Users", plain, 201, "", ""},
			{"GET", "/Users", "", 400, "tooMany", ""},
			{"GET", `/Users?filter=userName eq "ada@example.com"`, "", 200, `"resources":[{`, ""},
			{"GET", `/Users?filter=externalId eq "corp:1"`, "", 400, "", ""},
			{"PUT", "/Users/$1", plain, 405, "", ""},
		}},
	} {
		t.Run(row.service, func(t *testing.T) {
			quirks, err := scimtest.ForService(row.service)
			if err != nil {
				t.Fatal(err)
			}
			c := withQuirks(t, quirks)
			c.extra = http.Header{"Accept": {"application/scim+json, application/json"}}
			play(t, c, row.steps)
		})
	}
}

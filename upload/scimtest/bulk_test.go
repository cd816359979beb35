package scimtest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"adsync/upload/scimtest"
)

const bulkHead = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],`

// outcomes shortens a bulk answer to "POST a 201, PUT 200".
func outcomes(r reply) string {
	var body struct {
		Operations []struct {
			Method, BulkID string
			Status         any
		}
	}
	if err := json.Unmarshal([]byte(r.text), &body); err != nil {
		return err.Error()
	}
	var out []string
	for _, op := range body.Operations {
		out = append(out, strings.Join(strings.Fields(fmt.Sprint(op.Method, " ", op.BulkID, " ", op.Status)), " "))
	}
	return strings.Join(out, ", ")
}

func post(bulkID, kind, rest string) string {
	schema := scimtest.UserSchema
	if kind == "Group" {
		schema = scimtest.GroupSchema
	}
	return `{"method":"POST","bulkId":"` + bulkID + `","path":"/` + kind + `s","data":{"schemas":["` + schema + `"],` + rest + `}}`
}

func TestBulk(t *testing.T) {
	ada, bob := post("a", "User", `"userName":"ada"`), post("b", "User", `"userName":"bob"`)
	group := post("g", "Group", `"displayName":"g","members":[{"value":"bulkId:a"},{"value":"bulkId:b"}]`)
	again := post("x", "User", `"userName":"ADA"`)
	for _, row := range []struct {
		name, body, want string
		quirks           scimtest.Quirks
	}{
		{name: "two creates and a group of them", body: `"Operations":[` + ada + `,` + bob + `,` + group + `]`, want: "POST a 201, POST b 201, POST g 201"},
		{name: "a reference to what comes later", body: `"Operations":[` + group + `,` + ada + `,` + bob + `]`, want: "POST g 201, POST a 201, POST b 201"},
		{name: "a reference to nothing", body: `"Operations":[` + group + `,` + ada + `]`, want: "POST g 409, POST a 201"},
		{name: "a reference in the path", body: `"Operations":[` + ada + `,{"method":"PATCH","path":"/Users/bulkId:a","data":` + patchHead + `[{"op":"add","path":"title","value":"x"}]}}]`, want: "POST a 201, PATCH 200"},
		{name: "a conflict does not stop the rest", body: `"Operations":[` + ada + `,` + again + `,` + bob + `]`, want: "POST a 201, POST x 409, POST b 201"},
		{name: "failOnErrors stops after so many", body: `"failOnErrors":1,"Operations":[` + ada + `,` + again + `,` + bob + `]`, want: "POST a 201, POST x 409"},
		{name: "POST needs a bulkId", body: `"Operations":[{"method":"POST","path":"/Users","data":{}}]`, want: "POST 400"},
		{name: "a path that is none", body: `"Operations":[{"method":"DELETE","path":"Users/1"}]`, want: "DELETE 400"},
		{name: "deleting nobody", body: `"Operations":[{"method":"DELETE","path":"/Users/1"}]`, want: "DELETE 404"},
		{name: "circular references are refused", body: `"Operations":[` + post("m", "User", `"userName":"m",`+ent+`:{"manager":{"value":"bulkId:n"}}`) + `,` + post("n", "User", `"userName":"n",`+ent+`:{"manager":{"value":"bulkId:m"}}`) + `]`, want: "POST m 409, POST n 409"},
		{name: "the status as an object", body: `"Operations":[` + ada + `]`, want: "POST a map[code:201]", quirks: scimtest.Quirks{BulkStatusObject: true}},
		{name: "references are refused", body: `"Operations":[` + ada + `,` + bob + `,` + group + `]`, want: "POST a 201, POST b 201, POST g 400", quirks: scimtest.Quirks{BulkReferences: scimtest.ReferencesRefused}},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := withQuirks(t, row.quirks)
			if got := outcomes(c.do(200, "POST", "/Bulk", bulkHead+row.body+`}`)); got != row.want {
				t.Errorf("outcomes %s, want %s", got, row.want)
			}
		})
	}
}

func TestBulkMembersAreStored(t *testing.T) {
	c := start(t, scimtest.Options{})
	c.do(200, "POST", "/Bulk", bulkHead+`"Operations":[`+post("g", "Group", `"displayName":"g","members":[{"value":"bulkId:a"}]`)+`,`+post("a", "User", `"userName":"ada"`)+`]}`)
	if got := memberNames(t, c, c.srv.Group("g")["id"].(string)); got != "ada" {
		t.Errorf("members %q", got)
	}
}

func TestBulkReferencesThatAreNotResolved(t *testing.T) {
	for _, row := range []struct {
		name string
		kind scimtest.ReferenceKind
		want string
	}{
		{"are taken for ids", scimtest.ReferencesStored, "map[value:bulkId:a]"},
		{"are dropped", scimtest.ReferencesDropped, "<nil>"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := withQuirks(t, scimtest.Quirks{BulkReferences: row.kind})
			c.do(200, "POST", "/Bulk", bulkHead+`"Operations":[`+post("b", "User", `"userName":"bob",`+ent+`:{"department":"R&D","manager":{"value":"bulkId:a"}}`)+`,`+post("a", "User", `"userName":"ada"`)+`]}`)
			extension := c.srv.User("bob")[scimtest.EnterpriseSchema].(map[string]any)
			if got := fmt.Sprint(extension["manager"]); got != row.want || extension["department"] != "R&D" {
				t.Errorf("the manager is %s, want %s", got, row.want)
			}
		})
	}
}

func TestBulkVersions(t *testing.T) {
	c := start(t, scimtest.Options{})
	made := c.do(201, "POST", "/Users", userHead+`"userName":"ada"}`)
	op := `"Operations":[{"method":"DELETE","path":"/Users/` + made.str("id") + `","version":"%s"}]}`
	quote := strings.NewReplacer(`"`, `\"`)
	if got := outcomes(c.do(200, "POST", "/Bulk", bulkHead+fmt.Sprintf(op, quote.Replace(`W/"7"`)))); got != "DELETE 412" {
		t.Errorf("a stale version: %s", got)
	}
	if got := outcomes(c.do(200, "POST", "/Bulk", bulkHead+fmt.Sprintf(op, quote.Replace(made.header.Get("ETag"))))); got != "DELETE 204" {
		t.Errorf("the right version: %s", got)
	}
}

func TestBulkLimits(t *testing.T) {
	c := withQuirks(t, scimtest.Quirks{BulkMaxOperations: 2, BulkMaxPayload: 2000})
	one := func(i int) string {
		return post(fmt.Sprint(i), "User", fmt.Sprintf(`"userName":"u%d"`, i))
	}
	c.do(413, "POST", "/Bulk", bulkHead+`"Operations":[`+one(1)+`,`+one(2)+`,`+one(3)+`]}`)
	c.do(413, "POST", "/Bulk", bulkHead+`"Operations":[`+post("1", "User", `"userName":"`+strings.Repeat("x", 2000)+`"`)+`]}`)
	c.do(400, "POST", "/Bulk", `{"Operations":[]}`)
	if n := len(c.srv.Users()); n != 0 {
		t.Errorf("%d users were made", n)
	}
	for _, row := range []struct {
		name   string
		kind   scimtest.BulkKind
		status int
		says   string
	}{
		{"off", scimtest.BulkOff, 404, "false"},
		{"announced but not there", scimtest.BulkLies, 404, "true"},
		{"there but not announced", scimtest.BulkHidden, 200, "false"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := withQuirks(t, scimtest.Quirks{Bulk: row.kind})
			c.do(row.status, "POST", "/Bulk", bulkHead+`"Operations":[`+one(1)+`]}`)
			bulk := c.do(200, "GET", "/ServiceProviderConfig", "").body["bulk"].(map[string]any)
			if got := fmt.Sprint(bulk["supported"]); got != row.says {
				t.Errorf("supported %s, want %s", got, row.says)
			}
		})
	}
}

func TestFaultsInsideBulk(t *testing.T) {
	c := start(t, scimtest.Options{})
	c.srv.Fault(
		scimtest.Fault{Kind: scimtest.FaultStatus, Status: 500, InBulk: true, Path: "/Users", Nth: 1},
		scimtest.Fault{Kind: scimtest.FaultStatus, Status: 503, InBulk: true, Path: "/Users", Nth: 1, After: true})
	body := bulkHead + `"Operations":[` + post("a", "User", `"userName":"ada"`) + `,` + post("b", "User", `"userName":"bob"`) + `,` + post("c", "User", `"userName":"cy"`) + `]}`
	if got := outcomes(c.do(200, "POST", "/Bulk", body)); got != "POST a 500, POST b 503, POST c 201" {
		t.Errorf("outcomes %s", got)
	}
	if c.srv.User("ada") != nil || c.srv.User("bob") == nil {
		t.Error("the first must not, the second must have taken effect")
	}
}

package scim

import (
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
	"adsync/upload/scimtest"
)

const unmarked = "said: the service keeps no externalId of groups: they are known by name alone, so that none is removed, and one that is renamed is made anew; remove by hand what is left over\n"

// A service that keeps no externalId of groups is found out without a profile.
func TestGroupsThatKeepNoMark(t *testing.T) {
	for _, bulk := range []scimtest.BulkKind{scimtest.BulkOff, scimtest.BulkOn} {
		c := householdAt(t, scimtest.Quirks{GroupNotStored: []string{"externalId"}, Bulk: bulk}, 2)
		for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"} {
			c.group(name)
		}
		c.run()
		if groups := c.server.Groups(); len(groups) != 12 {
			t.Fatalf("%d groups are made", len(groups))
		}
		c.expect("second run", unmarked)
		c.groups[0].Attributes = directory.AttributesOf(map[string][]string{"cn": {"everybody"}})
		c.expect("a group is renamed", "applied: create group everybody\napplied: add members to group everybody\n"+unmarked)
		c.expect("after that", unmarked)
		c.groups = c.groups[1:]
		c.groups[0].Members = c.groups[0].Members[:1]
		c.expect("one is gone, and a member", "applied: remove members from group a\n"+unmarked)
		if groups := c.server.Groups(); len(groups) != 13 {
			t.Errorf("%d groups in the end", len(groups))
		}
	}
}

// byHand makes a group at the service as somebody else would.
func (c *household) byHand(name string, members ...string) {
	c.t.Helper()
	r := must(c.t, write(c.t, c.target, upload.Write{Op: upload.OpCreate, Kind: upload.Group, Set: []upload.Attribute{{Path: "displayName", Values: []string{name}}}}))
	group := &upload.Resource{Kind: upload.Group, ID: r[0].ID, Name: name, MembersKnown: true}
	must(c.t, write(c.t, c.target, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: group, Members: members}))
}

func (c *household) idOf(name string) string {
	for _, u := range c.server.Users() {
		if id, ok := u["id"].(string); ok && u["userName"] == name {
			return id
		}
	}
	c.t.Fatalf("no user %s", name)
	return ""
}

// One adoption shows that no mark is kept; the others are not tried.
func TestGroupsThatKeepNoMarkAreNotAdopted(t *testing.T) {
	c := householdAt(t, scimtest.Quirks{GroupNotStored: []string{"externalId"}}, 2)
	c.group("crew")
	groups := c.groups
	c.groups = nil
	c.run()
	for _, g := range groups {
		c.byHand(g.Attributes.First("cn"))
	}
	c.groups = groups
	c.server.ResetRequests()
	c.expect("first run", "planned: adopt group crew\nplanned: adopt group staff\napplied: add members to group crew\napplied: add members to group staff\n"+unmarked)
	c.expect("second run", unmarked)
}

// Where it only seems so, the group that is tried is adopted, and then the others.
func TestGroupsOfOthersThatHaveMembersOfOurs(t *testing.T) {
	c := householdAt(t, scimtest.Quirks{}, 2)
	c.group("crew")
	groups := c.groups
	c.groups = nil
	c.run()
	for _, g := range groups {
		c.byHand(g.Attributes.First("cn"), c.idOf("p0"), c.idOf("p1"))
	}
	c.groups = groups
	c.expect("first run", "applied: adopt group staff\n"+unmarked)
	c.expect("second run", "applied: adopt group crew\n")
	c.expect("third run", "")
}

// Where nothing is adopted, what is made without a mark would be made again in
// each run: it is taken back.
func TestGroupsThatKeepNoMarkWhereNothingIsAdopted(t *testing.T) {
	c := householdAt(t, scimtest.Quirks{GroupNotStored: []string{"externalId"}}, 2)
	c.group("crew")
	c.policy.Adopt = false
	const refused = ": status 200: the service keeps no externalId of groups, so that with target.adopt: never each run would make it anew\n"
	groups := "failed: create group crew" + refused + "failed: create group staff" + refused + "failed: add members to group crew" + refused + "failed: add members to group staff" + refused
	c.expect("first run", "applied: create user p0\napplied: create user p1\n"+groups)
	c.expect("second run", groups)
	if left := c.server.Groups(); len(left) != 0 {
		t.Errorf("%d groups are left", len(left))
	}
}

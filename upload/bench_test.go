package upload_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// company makes a directory of so many users with sixteen attributes and a
// group for every hundred, and the service's state when it is in step.
func bigCompany(users int) upload.Input {
	names := directory.NewNames("uid", "title", "mail", "givenName", "sn", "displayName", "department", "telephoneNumber")
	rules, err := upload.CompileRules(upload.User, map[string][]string{
		"userName": {"uid"}, "title": {"title"}, `emails[type eq "work"].value`: {"mail"}, "name.givenName": {"givenName"},
		"name.familyName": {"sn"}, "displayName": {"displayName"}, `phoneNumbers[type eq "work"].value`: {"telephoneNumber"},
		upload.SchemaEnterprise + ":department": {"department"},
	})
	if err != nil {
		panic(err)
	}
	groups, err := upload.CompileRules(upload.Group, map[string][]string{"displayName": {"cn"}})
	if err != nil {
		panic(err)
	}
	m := &upload.Mapping{User: rules, Group: groups}
	mark, _ := upload.NewMark("{source}:{anchor}", []string{"corp"})
	paths := directory.NewNames(m.Paths(upload.User)...)
	s := &directory.Snapshot{}
	state := &upload.State{}
	for i := range users {
		a := directory.Anchor(fmt.Sprintf("%08x-0000-4000-8000-000000000000", i))
		attributes := names.Attributes([][]string{
			{fmt.Sprintf("user%06d", i)}, {"Engineer"}, {fmt.Sprintf("user%06d@example.com", i)}, {"Ada"}, {fmt.Sprintf("Lovelace %d", i)},
			{fmt.Sprintf("Ada Lovelace %d", i)}, {fmt.Sprintf("Department %d", i%50)}, {fmt.Sprintf("+1 555 %06d", i)},
		})
		s.Users = append(s.Users, directory.User{Anchor: a, DN: fmt.Sprintf("uid=user%06d,dc=example,dc=com", i), Active: true, Attributes: attributes})
		evaluated, _ := m.Evaluate(upload.User, attributes)
		values := make([][]string, len(evaluated))
		for k, v := range evaluated {
			values[k] = v.Values
		}
		state.Users = append(state.Users, upload.Resource{Kind: upload.User, ID: fmt.Sprintf("%d", i), ExternalID: mark.ExternalID("corp", a),
			Name: attributes.First("uid"), Active: true, Attributes: paths.Attributes(values)})
	}
	for i := range users / 100 {
		a := directory.Anchor(fmt.Sprintf("%08x-0000-4000-8000-00000000000f", i))
		g := directory.Group{Anchor: a, Attributes: directory.AttributesOf(map[string][]string{"cn": {fmt.Sprintf("group %d", i)}})}
		r := upload.Resource{Kind: upload.Group, ID: fmt.Sprintf("g%d", i), ExternalID: mark.ExternalID("corp", a), Name: fmt.Sprintf("group %d", i),
			Attributes: attributesOf(upload.Attribute{Path: "displayName", Values: []string{fmt.Sprintf("group %d", i)}}), MembersKnown: true}
		for k := range 450 {
			u := (i*97 + k*31) % users
			g.Members = append(g.Members, s.Users[u].Anchor)
			r.Members = append(r.Members, state.Users[u].ID)
		}
		slices.Sort(g.Members)
		slices.Sort(r.Members)
		s.Groups, state.Groups = append(s.Groups, g), append(state.Groups, r)
	}
	return upload.Input{
		Sources: []upload.Source{{ID: "corp", Reading: directory.Complete("corp", s), Mapping: m, Groups: true}},
		State:   state, Mark: mark, Policy: upload.DefaultPolicy(),
		Capabilities: upload.Capabilities{Groups: true, Trait: func(upload.Kind, string) upload.Trait { return upload.Trait{} }},
	}
}

// BenchmarkDiff plans a run in which nothing, or everything, is to be done, with
// the index of what the service holds.
func BenchmarkDiff(b *testing.B) {
	for _, users := range []int{10_000, 100_000, 1_000_000} {
		in := bigCompany(users)
		empty := in
		empty.State = &upload.State{}
		for _, c := range []struct {
			name string
			in   upload.Input
		}{{"unchanged", in}, {"first", empty}} {
			b.Run(fmt.Sprintf("%s/%d", c.name, users), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					c.in.State.Index(c.in.Mark)
					plan := upload.Diff(c.in)
					runtime.KeepAlive(plan)
				}
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				plan := upload.Diff(c.in)
				runtime.GC()
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/1e6, "MB-held")
				runtime.KeepAlive(plan)
			})
		}
	}
}

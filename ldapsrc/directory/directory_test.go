package directory_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"adsync/ldapsrc/directory"
)

func TestAttributesIgnoreTheCaseOfNames(t *testing.T) {
	names := directory.NewNames("mail", "proxyAddresses", "MAIL", "title")
	if got := names.List(); !reflect.DeepEqual(got, []string{"mail", "proxyAddresses", "title"}) {
		t.Fatalf("names %q", got)
	}
	a := names.Attributes([][]string{{"ada@example.com"}, {"smtp:a@example.com", "SMTP:ada@example.com"}})
	for _, name := range []string{"mail", "Mail", "MAIL"} {
		if a.First(name) != "ada@example.com" {
			t.Errorf("%s is %q", name, a.Get(name))
		}
	}
	if got := a.Get("PROXYADDRESSES"); len(got) != 2 {
		t.Errorf("proxyAddresses are %q", got)
	}
	if a.Get("title") != nil || a.Get("unknown") != nil || a.First("title") != "" {
		t.Errorf("absent attributes have values")
	}
	var none directory.Attributes
	if none.Get("mail") != nil || none.Names() != nil {
		t.Errorf("the zero value has attributes")
	}
}

func TestAppendingToValuesLeavesTheNextAttributeAlone(t *testing.T) {
	a := directory.NewNames("a", "b").Attributes([][]string{{"1"}, {"2"}})
	_ = append(a.Get("a"), "x")
	if a.First("b") != "2" {
		t.Errorf("b became %q", a.First("b"))
	}
}

func TestAnIncompleteReadingHoldsNothing(t *testing.T) {
	why := errors.New("the connection was reset")
	r := directory.Incomplete("corp", why)
	if s, ok := r.Snapshot(); s != nil || ok || !errors.Is(r.Err(), why) {
		t.Errorf("got %v, %v, %v", s, ok, r.Err())
	}
	r = directory.Complete("corp", &directory.Snapshot{Users: []directory.User{{Anchor: "b"}, {Anchor: "a"}}})
	s, ok := r.Snapshot()
	if !ok || r.Err() != nil || s.Users[0].Anchor != "a" {
		t.Errorf("got %v, %v, %v", s, ok, r.Err())
	}
}

func TestForeignMembersAreFoundInTheOtherSources(t *testing.T) {
	// Group g of forest one holds a user and a group of forest two, which in
	// turn holds g, and a SID that nobody knows.
	one := &directory.Snapshot{
		Users:  []directory.User{{Anchor: "u1", SID: "S-1-1"}},
		Groups: []directory.Group{{Anchor: "g", SID: "S-1-9", Members: []directory.Anchor{"u1"}, Foreign: []string{"S-2-1", "S-2-9", "S-3-1"}}},
	}
	two := &directory.Snapshot{
		Users: []directory.User{{Anchor: "u2", SID: "S-2-1"}, {Anchor: "u3", SID: "S-2-2"}},
		Groups: []directory.Group{
			{Anchor: "h", SID: "S-2-9", Members: []directory.Anchor{"u3"}, Foreign: []string{"S-1-9"}},
		},
	}
	directory.ResolveForeign([]directory.Reading{
		directory.Complete("one", one), directory.Complete("two", two), directory.Incomplete("three", errors.New("down")),
	})
	if got, want := one.Groups[0].Members, []directory.Anchor{"u1", "u2", "u3"}; !reflect.DeepEqual(got, want) {
		t.Errorf("g has %q, want %q", got, want)
	}
	if got, want := one.Groups[0].Foreign, []string{"S-3-1"}; !reflect.DeepEqual(got, want) {
		t.Errorf("g lacks %q, want %q", got, want)
	}
	if got, want := two.Groups[0].Members, []directory.Anchor{"u1", "u2", "u3"}; !reflect.DeepEqual(got, want) {
		t.Errorf("h has %q, want %q", got, want)
	}
}

func TestAViewShowsWhatTheEntriesHold(t *testing.T) {
	names := directory.NewNames("mail", "cn", "sn")
	var view directory.View
	for _, entry := range [][][]string{{{"ada@example.com", "a@example.com"}, {"Ada"}}, {nil, nil, {"Allen"}}, {}, {{""}}} {
		a := names.Attributes(entry)
		view.Read(a)
		for _, name := range []string{"mail", "CN", "sn", "title"} {
			if got, want := view.Get(name), a.Get(name); !reflect.DeepEqual(got, want) {
				t.Errorf("%q of %q: got %q, want %q", name, entry, got, want)
			}
		}
	}
	others := directory.NewNames("cn", "title")
	for i, ask := range [][]string{{"mail", "cn"}, {"cn", "mail"}, {"cn", "cn", "title", "CN", "sn", "mail", "mail", "sn", "cn", "title"}, {"mail"}, {"cn", "title"}} {
		a := names.Attributes([][]string{{"a@example.com"}, {fmt.Sprint(i)}, {"Allen"}})
		if i%2 == 1 {
			a = others.Attributes([][]string{{fmt.Sprint(i)}, {"Dr."}})
		}
		view.Read(a)
		for _, name := range ask {
			if got, want := view.Get(name), a.Get(name); !reflect.DeepEqual(got, want) {
				t.Errorf("entry %d, asked for %q, gave %q for %q, want %q", i, ask, got, name, want)
			}
		}
	}
	first := directory.ViewOf(names.Attributes([][]string{{"a"}, {"b"}}))
	if grown := append(first.Get("mail"), "c"); first.Get("cn")[0] != "b" {
		t.Errorf("%q grew into the next attribute", grown)
	}
	if got := new(directory.View).Get("mail"); got != nil {
		t.Errorf("a view of nothing: %q", got)
	}
	var none directory.Attributes
	if got := directory.ViewOf(none).Get("mail"); got != nil {
		t.Errorf("a view of no attributes: %q", got)
	}
}

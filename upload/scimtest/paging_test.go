package scimtest_test

import (
	"fmt"
	"strings"
	"testing"

	"adsync/upload/scimtest"
)

func seeded(t *testing.T, q scimtest.Quirks, n int) *client {
	t.Helper()
	c := withQuirks(t, q)
	if _, err := c.srv.Seed(n); err != nil {
		t.Fatal(err)
	}
	return c
}

// numbers shortens "user3@example.com user4@example.com" to "3 4".
func (r reply) numbers() string {
	return strings.NewReplacer("user", "", "@example.com", "").Replace(r.names())
}

func TestIndexPaging(t *testing.T) {
	for _, row := range []struct {
		name   string
		quirks scimtest.Quirks
		query  string
		want   string // rows
		total  int    // -1 is none
		start  int
	}{
		{"the first page", scimtest.Quirks{}, "startIndex=1&count=3", "1 2 3", 10, 1},
		{"the last page", scimtest.Quirks{}, "startIndex=9&count=3", "9 10", 10, 9},
		{"past the end", scimtest.Quirks{}, "startIndex=11&count=3", "", 10, 11},
		{"startIndex 0 is 1", scimtest.Quirks{}, "startIndex=0&count=1", "1", 10, 1},
		{"a negative startIndex is 1", scimtest.Quirks{}, "startIndex=-5&count=1", "1", 10, 1},
		{"count 0 is the total only", scimtest.Quirks{}, "count=0", "", 10, 1},
		{"a negative count is 0", scimtest.Quirks{}, "count=-1", "", 10, 1},
		{"the default page", scimtest.Quirks{PageSize: 4}, "", "1 2 3 4", 10, 1},
		{"the page cap", scimtest.Quirks{PageCap: 2}, "count=100", "1 2", 10, 1},
		{"totalResults one short", scimtest.Quirks{TotalResults: scimtest.TotalShort}, "count=1", "1", 9, 1},
		{"totalResults of the page", scimtest.Quirks{TotalResults: scimtest.TotalPage}, "count=2", "1 2", 2, 1},
		{"totalResults missing", scimtest.Quirks{TotalResults: scimtest.TotalMissing}, "count=1", "1", -1, 1},
		{"totalResults changing", scimtest.Quirks{TotalResults: scimtest.TotalChanging}, "count=1", "1", 11, 1},
		{"the first page counted from 0", scimtest.Quirks{Index: scimtest.IndexFromZero}, "startIndex=0&count=3", "1 2 3", 10, 0},
		{"what is not asked for counted from 0", scimtest.Quirks{Index: scimtest.IndexFromZero}, "count=3", "1 2 3", 10, 0},
		{"index 1 counted from 0", scimtest.Quirks{Index: scimtest.IndexFromZero}, "startIndex=1&count=3", "2 3 4", 10, 1},
		{"an answer that counts from 0", scimtest.Quirks{Index: scimtest.IndexSaidAsLess}, "startIndex=4&count=3", "4 5 6", 10, 3},
		{"an answer that always says 0", scimtest.Quirks{Index: scimtest.IndexSaidAsZero}, "startIndex=4&count=3", "4 5 6", 10, 0},
		{"paging ignored", scimtest.Quirks{IgnorePaging: true, PageSize: 3}, "startIndex=5&count=2", "1 2 3", 10, 1},
		{"wrapping past the end", scimtest.Quirks{WrapPastEnd: true}, "startIndex=50&count=2", "1 2", 10, 50},
		{"a page number: page two is page one again", scimtest.Quirks{PageNumbers: true, PageSize: 3}, "startIndex=4&count=3", "1 2 3", 10, 1},
		{"a page number: page three is page two", scimtest.Quirks{PageNumbers: true, PageSize: 3}, "startIndex=7&count=3", "4 5 6", 10, 4},
		{"rows repeated across pages", scimtest.Quirks{RepeatRows: true}, "startIndex=4&count=3", "3 4 5", 10, 4},
		{"lower-case resources", scimtest.Quirks{LowerCaseResources: true}, "startIndex=2&count=2", "2 3", 10, 2},
		{"sorted", scimtest.Quirks{}, "sortBy=userName&count=3", "10 1 2", 10, 1},
		{"sorted the other way", scimtest.Quirks{}, "sortBy=userName&sortOrder=descending&count=3", "9 8 7", 10, 1},
		{"sorting ignored", scimtest.Quirks{NoSort: true}, "sortBy=userName&count=3", "1 2 3", 10, 1},
		{"a synthetic user", scimtest.Quirks{SyntheticUser: "synthesis_user"}, "startIndex=5", "synthesis_", 1, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := seeded(t, row.quirks, 10).do(200, "GET", "/Users?"+row.query, "")
			if got := r.numbers(); got != row.want {
				t.Errorf("rows %q, want %q", got, row.want)
			}
			if r.number("totalResults") != row.total || r.number("startIndex") != row.start {
				t.Errorf("totalResults %d startIndex %d, want %d and %d", r.number("totalResults"), r.number("startIndex"), row.total, row.start)
			}
		})
	}
	seeded(t, scimtest.Quirks{}, 1).do(400, "GET", "/Users?startIndex=x", "")
	seeded(t, scimtest.Quirks{EmptyIs404: true}, 0).do(404, "GET", "/Users", "")
	if r := seeded(t, scimtest.Quirks{NoUnfilteredList: true}, 1).do(400, "GET", "/Users", ""); r.str("scimType") != "tooMany" {
		t.Errorf("an unfiltered list answered %s", r.text)
	}
}

func TestUnstableOrder(t *testing.T) {
	c := seeded(t, scimtest.Quirks{UnstableOrder: true}, 50)
	first, second := c.do(200, "GET", "/Users", "").names(), c.do(200, "GET", "/Users", "").names()
	if first == second {
		t.Error("two lists came in the same order")
	}
}

func TestCursorPaging(t *testing.T) {
	for _, row := range []struct {
		name   string
		quirks scimtest.Quirks
		total  int
	}{
		{"by choice", scimtest.Quirks{}, 7},
		{"only way on", scimtest.Quirks{Cursor: scimtest.CursorOnly}, 7},
		{"compulsory, without a total", scimtest.Quirks{Cursor: scimtest.CursorMust}, -1},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := seeded(t, row.quirks, 7)
			var pages []string
			cursor, more := "", true
			for more {
				r := c.do(200, "GET", "/Users?count=3&cursor="+cursor, "")
				if r.number("totalResults") != row.total || r.number("startIndex") != -1 {
					t.Errorf("totalResults %d, startIndex %d", r.number("totalResults"), r.number("startIndex"))
				}
				if len(pages) == 0 {
					// Somebody deletes a user already seen: nobody may be lost by it.
					if err := c.srv.Delete(c.srv.User("user1@example.com")["id"].(string)); err != nil {
						t.Fatal(err)
					}
					if row.total > 0 {
						row.total--
					}
				}
				pages = append(pages, r.numbers())
				cursor = r.str("nextCursor")
				more = cursor != ""
			}
			if got := strings.Join(pages, " | "); got != "1 2 3 | 4 5 6 | 7" {
				t.Errorf("pages %s", got)
			}
		})
	}
}

func TestCursorErrors(t *testing.T) {
	c := seeded(t, scimtest.Quirks{}, 5)
	if r := c.do(400, "GET", "/Users?cursor=nonsense", ""); r.str("scimType") != "invalidCursor" {
		t.Errorf("a made-up cursor answered %s", r.text)
	}
	cursor := c.do(200, "GET", "/Users?cursor=&count=2", "").str("nextCursor")
	c.srv.ExpireCursors()
	if r := c.do(400, "GET", "/Users?count=2&cursor="+cursor, ""); r.str("scimType") != "expiredCursor" {
		t.Errorf("an old cursor answered %s", r.text)
	}
	only := seeded(t, scimtest.Quirks{Cursor: scimtest.CursorOnly, PageCap: 2}, 5)
	if r := only.do(200, "GET", "/Users?startIndex=3", ""); r.numbers() != "1 2" || r.str("nextCursor") != "" {
		t.Errorf("without a cursor: %s", r.text)
	}
	index := seeded(t, scimtest.Quirks{Cursor: scimtest.IndexOnly}, 5)
	if r := index.do(200, "GET", "/Users?cursor=&count=2", ""); r.str("nextCursor") != "" || r.number("startIndex") != 1 {
		t.Errorf("a cursor was heard: %s", r.text)
	}
}

func TestSearch(t *testing.T) {
	c := seeded(t, scimtest.Quirks{}, 5)
	body := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"userName sw \"user\"","startIndex":2,"count":2,"attributes":["userName"]}`
	if r := c.do(200, "POST", "/Users/.search", body); r.numbers() != "2 3" || strings.Contains(r.text, "emails") {
		t.Errorf("found %s", r.text)
	}
	c.do(400, "POST", "/Users/.search", `{}`)
	seeded(t, scimtest.Quirks{NoSearch: true}, 1).do(404, "POST", "/Users/.search", body)
}

func TestListOfManyIsWhole(t *testing.T) {
	c := seeded(t, scimtest.Quirks{}, 2500)
	seen := map[string]bool{}
	for start := 1; start <= 2500; start += 1000 {
		for name := range strings.SplitSeq(c.do(200, "GET", fmt.Sprintf("/Users?startIndex=%d&count=1000&attributes=userName", start), "").names(), " ") {
			seen[name] = true
		}
	}
	if len(seen) != 2500 {
		t.Errorf("%d users", len(seen))
	}
}

package ldapsrc

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// elsewhere are the places that the servers refer to, each once, but for those
// that are read anyway, and for the parts of a forest that hold no people.
func (r *reading) elsewhere() []string {
	slices.Sort(r.referrals)
	return slices.DeleteFunc(slices.Compact(r.referrals), func(uri string) bool {
		u, err := url.Parse(uri)
		if err != nil {
			return false
		}
		at := foldDN(strings.TrimPrefix(u.Path, "/"))
		if r.src.cfg.Type == AD && slices.ContainsFunc(withoutPeople, func(head string) bool { return strings.HasPrefix(at, head) }) {
			return true
		}
		return at != "" && slices.ContainsFunc(r.domains, func(d *domain) bool { return at == d.key })
	})
}

// withoutPeople begins the DNs of the naming contexts that every domain
// controller refers to (MS-ADTS 3.1.1.1.5, 6.1.1.1), folded.
var withoutPeople = []string{"dc=domaindnszones,", "dc=forestdnszones,", "cn=configuration,"}

// fewReferrals is how many are named in a sentence.
const fewReferrals = 3

func notFollowed(uris []string, t Type) string {
	named := strings.Join(uris[:min(fewReferrals, len(uris))], ", ")
	if n := len(uris) - fewReferrals; n > 0 {
		named += fmt.Sprintf(" and %d more", n)
	}
	advice := "make it a source of its own if it holds users"
	if t == AD {
		advice = "set forest: true or " + advice
	}
	return fmt.Sprintf("the directory goes on at %s, which is not read: %s", named, advice)
}

package ldapsrc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/directory"
)

// unknownNames returns a sentence for each of the names, by the name in lower
// case, that the schema which the server publishes does not have. It is empty
// where nothing is to be asked or the server publishes none: what the schema
// says is advice only and never makes a reading incomplete.
func (r *reading) unknownNames(ctx context.Context, names []string) map[string]string {
	result := map[string]string{}
	if len(names) == 0 {
		return result
	}
	known, err := r.domains[0].attributeNames(ctx)
	if err != nil || len(known) == 0 {
		r.src.env.log().Debug("the schema was not read", "source", r.src.cfg.ID, "error", err)
		return result
	}
	for _, name := range names {
		base, _, _ := strings.Cut(strings.ToLower(name), ";")
		if _, ok := known[base]; ok || base == entryName || operational[base] {
			continue
		}
		sentence := fmt.Sprintf("the directory's schema has no attribute %q", name)
		folded := make([]string, 0, len(known))
		for k := range known {
			folded = append(folded, k)
		}
		if near := nearest(base, folded); near != "" {
			sentence += fmt.Sprintf(": did you mean %s?", known[near])
		}
		result[strings.ToLower(name)] = sentence
	}
	return result
}

// operational are attributes that servers have and do not always publish.
var operational = map[string]bool{"entryuuid": true, "entrydn": true, "memberof": true, "createtimestamp": true, "modifytimestamp": true,
	"nsuniqueid": true, "pwdaccountlockedtime": true, "nsaccountlock": true, "objectclass": true}

// attributeNames are the names of all attribute types (RFC 4512 4.2), as
// published, by the name in lower case. They are read once.
func (d *domain) attributeNames(ctx context.Context) (map[string]string, error) {
	d.mu.Lock()
	known := d.names
	d.mu.Unlock()
	base := d.dse.first("subschemaSubentry")
	if known != nil || base == "" {
		return known, nil
	}
	known = map[string]string{}
	req := request{base: base, scope: ldap.ScopeBaseObject, filter: "(objectClass=*)", names: directory.NewNames("attributeTypes"), single: true}
	_, err := searchWhole(ctx, d.first, req, func(e *entry) error {
		for _, v := range e.get(0) {
			for _, name := range attributeTypeNames(string(v)) {
				known[strings.ToLower(name)] = name
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.names = known
	return known, nil
}

// ofOthers are attributes that OpenLDAP has only where somebody added them to
// its schema.
var ofOthers = []string{"nsuniqueid", "ipauniqueid", "objectguid", "guid", "nsaccountlock", "logindisabled", "loginexpirationtime"}

// learnSchema finds out which attributes need not be asked for. OpenLDAP looks
// up each name that its schema lacks for every attribute of every entry anew,
// which was a third of its work.
func (d *domain) learnSchema(ctx context.Context) {
	if !d.dse.openLDAP() {
		return
	}
	known, err := d.attributeNames(ctx)
	if err != nil {
		d.src.env.log().Debug("the schema was not read", "source", d.src.cfg.ID, "error", err)
	}
	if len(known) == 0 {
		return // nothing is known, so all is asked for
	}
	for _, name := range ofOthers {
		if _, ok := known[name]; !ok {
			d.lacks = append(d.lacks, name)
		}
	}
}

// asked are those of the names that the server may have.
func (d *domain) asked(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(d.lacks, strings.ToLower(name)) })
}

// attributeTypeNames finds the names in an AttributeTypeDescription (RFC 4512
// 4.1.2): ( 2.5.4.3 NAME ( 'cn' 'commonName' ) SUP name ).
func attributeTypeNames(description string) []string {
	_, rest, ok := strings.Cut(description, "NAME")
	if !ok {
		return nil
	}
	rest = strings.TrimLeft(rest, " ")
	one := !strings.HasPrefix(rest, "(")
	if !one {
		rest, _, _ = strings.Cut(rest[1:], ")")
	}
	var names []string
	for {
		_, after, ok := strings.Cut(rest, "'")
		if !ok {
			return names
		}
		name, after, ok := strings.Cut(after, "'")
		if !ok {
			return names
		}
		names = append(names, name)
		if one {
			return names
		}
		rest = after
	}
}

// filterAttributes lists the attributes that filters ask for.
func filterAttributes(filters ...string) []string {
	var names []string
	for _, filter := range filters {
		if filter == "" {
			continue
		}
		if p, err := ldap.CompileFilter(bracket(filter)); err == nil {
			names = appendFilterAttributes(names, p)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func appendFilterAttributes(names []string, p *ber.Packet) []string {
	switch p.Tag {
	case ldap.FilterAnd, ldap.FilterOr, ldap.FilterNot:
		for _, child := range p.Children {
			names = appendFilterAttributes(names, child)
		}
	case ldap.FilterPresent:
		names = append(names, packetText(p))
	case ldap.FilterExtensibleMatch:
		for _, child := range p.Children {
			if child.Tag == ldap.MatchingRuleAssertionType {
				names = append(names, packetText(child))
			}
		}
	default:
		if len(p.Children) > 0 {
			names = append(names, packetText(p.Children[0]))
		}
	}
	return names
}

// packetText is the content of a primitive element that was built, not read.
func packetText(p *ber.Packet) string {
	if s, ok := p.Value.(string); ok && s != "" {
		return s
	}
	return p.Data.String()
}

// nearest returns the candidate that a name is most likely a slip of, or "".
func nearest(name string, candidates []string) string {
	best, least := "", len(name)/3+2
	for _, c := range candidates {
		if d := distance(name, c, least+1); d < least || d == least && best != "" && c < best {
			best, least = c, d
		}
	}
	return best
}

// distance is the number of letters to add, drop, change or swap with the next
// one (optimal string alignment), at most limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			cost := last[j]
			if a[i] != b[j] {
				cost++
			}
			row[j+1] = min(cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return min(row[len(b)], limit)
}

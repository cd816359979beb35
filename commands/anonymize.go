package commands

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"adsync/commands/config"
)

// An anonymizer replaces names, DNs and addresses in text by words that say
// only what they stood for, the same one by the same word. Anchors, paths,
// ids of sources and numbers stay: a fault can be followed by them.
type anonymizer struct {
	words   map[string]string   // what stands for a text, in lower case
	made    map[string]bool     // those that stand for something
	counts  map[string]int      // of each kind
	phrases map[string][]string // learnt texts by their first word, longer ones first
}

// plainWords are not learnt even if somebody is called so: the record itself
// is written in them.
var plainWords = func() map[string]bool {
	words := map[string]bool{}
	for word := range strings.FieldsSeq(`true false null type name kind user group device verb source anchor dn id attributes path old new
		members reason state why planned applied withheld failed create adopt update reactivate deactivate release delete add_members
		remove_members status detail hint rule fix summary version program started seconds dry_run target digest sources failures
		quarantined warnings limits approve undo undid stopped changes failure quarantine change exit error message complete users groups
		computers skipped time level msg info warn debug adsync yaml json log com org net example corp`) {
		words[word] = true
	}
	return words
}()

// known are the patterns of what is known by its form.
type known struct{ dn, dnPart, mail, ip *regexp.Regexp }

// patterns are compiled when they are needed: that takes longer than all else at
// the start of the program.
var patterns = sync.OnceValue(func() known {
	return known{
		dn:     regexp.MustCompile(`(?i)\b` + dnType + `(?:[,+]` + dnType + `)*`),
		dnPart: regexp.MustCompile(`(?:[^,+\\]|\\.)+`),
		mail:   regexp.MustCompile(`[\pL\pN._%+'-]+@[\pL\pN-]+(?:\.[\pL\pN-]+)+`),
		ip:     regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}\b`),
	}
})

// dnType is one part of a DN in running text.
const dnType = `(?:dc=[\pL\pN_-]+|(?:cn|ou|o|l|st|c|uid)=(?:[^,+"\\<>;=()\[\]\s]|\\.| [^,+"\\<>;=()\[\]\s])+)`

// newAnonymizer knows the hosts, domains and accounts of a configuration.
func newAnonymizer(f *config.File) *anonymizer {
	a := &anonymizer{words: map[string]string{}, made: map[string]bool{}, counts: map[string]int{}}
	for _, id := range f.SourceIDs() {
		a.words[strings.ToLower(id)] = id // stays as it is
	}
	for _, s := range f.Sources {
		for _, address := range append([]string{s.URL}, s.URLs...) {
			a.host(address)
		}
		a.word("domain", s.Domain)
		a.account(s.Bind.Username)
	}
	if f.Target != nil {
		a.host(f.Target.URL)
		if f.Target.Auth.Basic != nil {
			a.account(f.Target.Auth.Basic.Username)
		}
	}
	if f.Proxy != nil {
		a.host(f.Proxy.URL)
		a.account(f.Proxy.Username)
	}
	a.host(f.Monitor.Ping.URL)
	a.host(f.Monitor.Webhook.URL)
	a.compile()
	return a
}

func (a *anonymizer) host(address string) {
	if u, err := url.Parse(address); err == nil && u.Hostname() != "" {
		a.word("host", u.Hostname())
	}
}

func (a *anonymizer) account(name string) {
	if _, short, ok := strings.Cut(name, `\`); ok {
		name = short
	}
	if name != "" && !strings.ContainsAny(name, "@=") {
		a.word("account", name)
	}
}

// word is what stands for a text of a kind.
func (a *anonymizer) word(kind, text string) string {
	if text == "" || a.made[text] {
		return text
	}
	key := strings.ToLower(text)
	if known, ok := a.words[key]; ok {
		return known
	}
	a.counts[kind]++
	made := fmt.Sprintf("%s-%d", kind, a.counts[kind])
	a.words[key], a.made[made] = made, true
	return made
}

// learn takes the names and values of a record, so that they are found in
// any text.
func (a *anonymizer) learn(record []byte) {
	var doc struct {
		Changes, Failures, Quarantined []struct {
			Kind, Name, DN string
			Attributes     []struct{ Old, New any }
			Members        []struct{ Name string }
		}
	}
	if json.Unmarshal(record, &doc) != nil {
		return
	}
	for _, c := range slices.Concat(doc.Changes, doc.Failures, doc.Quarantined) {
		a.name(cmp.Or(c.Kind, "name"), c.Name)
		if c.DN != "" {
			a.words[strings.ToLower(c.DN)] = a.dn(c.DN)
		}
		for _, m := range c.Members {
			a.name("user", m.Name)
		}
		for _, v := range c.Attributes {
			a.values(v.Old)
			a.values(v.New)
		}
	}
	a.compile()
}

func (a *anonymizer) name(kind, text string) {
	for text != "" && !inWord(text, 0) {
		text = text[1:] // it is found by its first word
	}
	if !patterns().mail.MatchString(text) && !plainWords[strings.ToLower(text)] {
		a.word(kind, text)
	}
}

func (a *anonymizer) values(v any) {
	switch v := v.(type) {
	case string:
		if v != "true" && v != "false" {
			a.name("value", v)
		}
	case []any:
		for _, one := range v {
			a.values(one)
		}
	}
}

// compile sorts what was learnt, so that it is found by its first word.
func (a *anonymizer) compile() {
	a.phrases = map[string][]string{}
	for text := range a.words {
		if first := text[:wordEnd(text, 0)]; first != "" {
			a.phrases[first] = append(a.phrases[first], text)
		}
	}
	for _, list := range a.phrases {
		slices.SortFunc(list, func(x, y string) int { return cmp.Or(cmp.Compare(len(y), len(x)), cmp.Compare(x, y)) })
	}
}

// text is a text without names, DNs and addresses.
func (a *anonymizer) text(text string) string {
	text = a.whole(text)
	text = patterns().dn.ReplaceAllStringFunc(text, a.dn)
	text = patterns().mail.ReplaceAllStringFunc(text, a.mail)
	return patterns().ip.ReplaceAllStringFunc(text, func(ip string) string {
		if strings.HasPrefix(ip, "127.") {
			return ip
		}
		return a.word("ip", ip)
	})
}

// whole replaces what was learnt where it stands by itself.
func (a *anonymizer) whole(text string) string {
	var b strings.Builder
	for at := 0; at < len(text); {
		end := wordEnd(text, at)
		if end == at {
			b.WriteByte(text[at])
			at++
			continue
		}
		found := ""
		for _, phrase := range a.phrases[strings.ToLower(text[at:end])] {
			if last := at + len(phrase); last <= len(text) && strings.EqualFold(text[at:last], phrase) && wordEnd(text, last) == last {
				found, end = phrase, last
				break
			}
		}
		if found != "" {
			b.WriteString(a.words[found])
		} else {
			b.WriteString(text[at:end])
		}
		at = end
	}
	return b.String()
}

// wordEnd is where the word that begins at a place ends; the place itself
// when none does.
func wordEnd(text string, at int) int {
	for at < len(text) && inWord(text, at) {
		at++
	}
	return at
}

// inWord reports whether the byte at a place continues a word.
func inWord(text string, at int) bool {
	c := text[at]
	return c >= 0x80 || c == '_' || c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// dn keeps the types of a DN's parts.
func (a *anonymizer) dn(dn string) string {
	parts := patterns().dnPart.FindAllString(dn, -1)
	for i, part := range parts {
		name, value, _ := strings.Cut(part, "=")
		kind := "name"
		if strings.EqualFold(strings.TrimSpace(name), "dc") {
			kind = "domain"
		}
		parts[i] = name + "=" + a.word(kind, strings.TrimSpace(value))
	}
	return strings.Join(parts, ",")
}

func (a *anonymizer) mail(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	return a.word("user", local) + "@" + a.word("domain", domain) + ".example"
}

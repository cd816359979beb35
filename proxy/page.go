package proxy

import (
	"html"
	"io"
	"regexp"
	"strings"
)

// readPage is the beginning of an error page, for a proxy that gives no other
// reason.
func readPage(body io.Reader) string {
	page, _ := io.ReadAll(io.LimitReader(body, 16<<10))
	return string(page)
}

var titleElement = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

// title is the title of a page, to be put behind a status: it is what people
// who write such pages want to be known.
func title(page string) string {
	found := titleElement.FindStringSubmatch(page)
	if found == nil {
		return ""
	}
	text := strings.Join(strings.Fields(strings.ToValidUTF8(html.UnescapeString(found[1]), "")), " ")
	if short := []rune(text); len(short) > 80 {
		text = string(short[:80]) + "..."
	}
	if text == "" {
		return ""
	}
	return ", \"" + text + "\""
}

// saysDNS looks at an error page for the words of a name that is not found.
func saysDNS(page string) bool {
	text := strings.ToLower(page)
	for _, words := range []string{"resolve", "no such host", "dns", "unknown host", "name or service not known"} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}

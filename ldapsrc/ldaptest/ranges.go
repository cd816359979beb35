package ldaptest

import (
	"fmt"
	"strconv"
	"strings"
)

// valueRange is the option ;range=low-high of AD ([MS-ADTS] section
// 3.1.1.3.1.3.3), high being one past the last value, -1 for "*".
type valueRange struct{ low, high int }

// parseRange splits an attribute description into what is left without a
// range, in lower case, and the range, nil if it has none.
func parseRange(description string) (string, *valueRange) {
	key := strings.ToLower(description)
	base, option, ok := strings.Cut(key, ";range=")
	if !ok {
		return key, nil
	}
	option, more, _ := strings.Cut(option, ";")
	if more != "" {
		base += ";" + more
	}
	first, last, ok := strings.Cut(option, "-")
	low, err := strconv.Atoi(first)
	if !ok || err != nil || low < 0 {
		return key, nil
	}
	if last == "*" {
		return base, &valueRange{low, -1}
	}
	high, err := strconv.Atoi(last)
	if err != nil || high < low {
		return key, nil
	}
	return base, &valueRange{low, high + 1}
}

// of returns the half-open range of values to send of an attribute with count
// values, at most most of them if most is not 0. A start past the end has none.
func (r *valueRange) of(count, most int) (low, high int) {
	high = r.high
	if high < 0 || high > count {
		high = count
	}
	if most > 0 {
		high = min(high, r.low+most)
	}
	return r.low, max(r.low, high)
}

// rangeName is the description under which values low to high are sent: the
// last range ends in "*", whatever was asked.
func rangeName(name string, low, high, count int) string {
	if high >= count {
		return fmt.Sprintf("%s;range=%d-*", name, low)
	}
	return fmt.Sprintf("%s;range=%d-%d", name, low, high-1)
}

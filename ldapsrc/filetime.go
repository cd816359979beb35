package ldapsrc

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

const (
	ticksPerSecond = 10_000_000     // of 100 ns (MS-DTYP 2.3.3)
	epochSeconds   = 11_644_473_600 // from 1601 to 1970
)

// fileTime reads a FILETIME (MS-DTYP 2.3.3) as accountExpires and lastLogon
// hold it. 0 and the greatest value mean never: ok is false.
func fileTime(text string) (t time.Time, ok bool, err error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("%q is not a FILETIME: %w", text, err)
	}
	if n <= 0 || n == math.MaxInt64 {
		return time.Time{}, false, nil
	}
	return time.Unix(n/ticksPerSecond-epochSeconds, n%ticksPerSecond*100).UTC(), true, nil
}

// generalizedLayouts are the forms of GeneralizedTime (RFC 4517 3.3.13) in use:
// with and without fraction, seconds and minutes.
var generalizedLayouts = []string{
	"20060102150405Z0700", "200601021504Z0700", "2006010215Z0700",
}

// generalizedTime reads 20261121001931.0Z (AD) and 20261121005509Z (others).
func generalizedTime(text string) (time.Time, error) {
	for _, layout := range generalizedLayouts {
		// time.Parse takes a fraction after the seconds unasked.
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a GeneralizedTime", text)
}

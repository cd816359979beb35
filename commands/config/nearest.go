package config

import "strings"

// suggestion names the known key that an unknown one was probably meant to
// be, or lists all when there are few.
func suggestion(name string, fields []field) string {
	best, distance := "", 1+len(name)/3
	var all []string
	for _, f := range fields {
		all = append(all, f.name)
		if d := Edits(strings.ToLower(name), f.name); d <= distance {
			best, distance = f.name, d-1
		}
	}
	if best != "" {
		return "did you mean " + best + "?"
	}
	return "known here: " + strings.Join(all, ", ")
}

// Edits is the number of letters to insert, remove, replace or swap to make
// one word of the other (optimal string alignment).
func Edits(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

package config

import "strings"

// largestLayout is how many pairs of lines are compared at most; a longer file
// is laid out by the encoder alone.
const largestLayout = 4 << 20

// layout gives the lines of an edited configuration that were there before
// back as a person wrote them: with their indentation, the space before their
// comments and the empty lines over them. Plain is the text before, and edited
// the text after the edit, both as the encoder writes them.
func layout(before, plain, edited []byte) []byte {
	own, usual, wanted := linesOf(string(before)), linesOf(string(plain)), linesOf(string(edited))
	if (len(own)+len(wanted))*len(usual) > largestLayout {
		return edited
	}
	toUsual := align(wanted, usual, func(line string) string { return line })
	toOwn := align(usual, own, squeeze)
	var out strings.Builder
	indents := indentation{}
	empty := 0 // lines at the end of what is written
	write := func(line string) {
		out.WriteString(line)
		if empty++; strings.TrimSpace(line) != "" {
			empty = 0
		}
	}
	for i, line := range wanted {
		at := -1
		if toUsual[i] >= 0 {
			at = toOwn[toUsual[i]]
		}
		if at < 0 {
			write(indents.apply(line))
			continue
		}
		over := 0
		for over < at && strings.TrimSpace(own[at-over-1]) == "" {
			over++
		}
		for strings.TrimSpace(own[at]) != "" && empty < over {
			write("\n")
		}
		indents.learn(line, own[at])
		write(own[at])
	}
	return []byte(out.String())
}

func linesOf(text string) []string {
	list := strings.SplitAfter(text, "\n")
	if list[len(list)-1] == "" {
		return list[:len(list)-1]
	}
	list[len(list)-1] += "\n"
	return list
}

// squeeze is a line without what the encoder lays out anew.
func squeeze(line string) string { return strings.Join(strings.Fields(line), " ") }

// align finds for each line of a the line of b that it stands for, -1 for
// none: the longest common subsequence of both.
func align(a, b []string, as func(string) string) []int {
	x, y := make([]string, len(a)), make([]string, len(b))
	for i := range a {
		x[i] = as(a[i])
	}
	for i := range b {
		y[i] = as(b[i])
	}
	// longest[i][j] is the length for x[i:] and y[j:].
	longest := make([][]int32, len(x)+1)
	for i := range longest {
		longest[i] = make([]int32, len(y)+1)
	}
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	to := make([]int, len(x))
	j := 0
	for i := range x {
		to[i] = -1
		for j < len(y) && x[i] != y[j] && longest[i][j] == longest[i][j+1] {
			j++
		}
		if j < len(y) && x[i] == y[j] {
			to[i] = j
			j++
		}
	}
	return to
}

// indentation is how deep a person indents what the encoder indents so deep.
type indentation map[int]int

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

func (d indentation) learn(encoded, own string) {
	if strings.TrimSpace(own) != "" {
		d[indentOf(encoded)] = indentOf(own)
	}
}

// apply indents a new line as its neighbours are.
func (d indentation) apply(line string) string {
	depth := indentOf(line)
	own, known := d[depth]
	for up := depth - 2; !known && up >= 0; up -= 2 {
		if own, known = d[up]; known {
			own += depth - up
		}
	}
	if !known {
		own = depth
	}
	rest := line[depth:]
	if item, ok := strings.CutPrefix(rest, "- "); ok {
		// The keys of an item stand below each other.
		if keys, known := d[depth+2]; known && keys > own+2 {
			rest = "-" + strings.Repeat(" ", keys-own-1) + item
		}
	}
	return strings.Repeat(" ", own) + rest
}

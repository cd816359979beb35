package ldapsrc

import "slices"

// closures returns for each group all that is in it and in the groups below
// it, sorted and once each. direct[g] is what is in group g itself, children[g]
// the groups that are in it. Groups that hold each other have the same closure:
// circles are collapsed first (Tarjan's strongly connected components), so
// that each closure is computed once however the groups are tied together.
func closures(direct [][]int32, children [][]int32) [][]int32 {
	w := walk{children: children, order: make([]int32, len(direct)), low: make([]int32, len(direct)), part: make([]int32, len(direct))}
	for g := range w.part {
		w.part[g] = -1
	}
	for g := range direct {
		if w.order[g] == 0 {
			w.visit(int32(g))
		}
	}
	// Parts are numbered from the leaves up: those that a part refers to are
	// done before it.
	done := make([][]int32, len(w.parts))
	for p, groups := range w.parts {
		var all []int32
		for _, g := range groups {
			all = append(all, direct[g]...)
			for _, c := range children[g] {
				if other := w.part[c]; other != int32(p) {
					all = append(all, done[other]...)
				}
			}
		}
		slices.Sort(all)
		done[p] = slices.Compact(all)
	}
	result := make([][]int32, len(direct))
	for g := range result {
		result[g] = done[w.part[g]]
	}
	return result
}

// walk is one run of Tarjan's algorithm.
type walk struct {
	children   [][]int32
	order, low []int32 // of the visit, from 1
	part       []int32 // the component of a group, -1 while it has none
	parts      [][]int32
	stack      []int32
	next       int32
}

func (w *walk) visit(g int32) {
	w.next++
	w.order[g], w.low[g] = w.next, w.next
	w.stack = append(w.stack, g)
	for _, c := range w.children[g] {
		if w.order[c] == 0 {
			w.visit(c)
			w.low[g] = min(w.low[g], w.low[c])
		} else if w.part[c] < 0 {
			w.low[g] = min(w.low[g], w.order[c])
		}
	}
	if w.low[g] != w.order[g] {
		return
	}
	at := slices.Index(w.stack, g)
	groups := slices.Clone(w.stack[at:])
	w.stack = w.stack[:at]
	for _, member := range groups {
		w.part[member] = int32(len(w.parts))
	}
	w.parts = append(w.parts, groups)
}

package commands

import (
	"context"
	"errors"
	"slices"
	"strings"

	"adsync/commands/ask"
	"adsync/ldapsrc"
)

// A spot is a place in the tree that a person has opened.
type spot struct{ dn, name string }

// places lets a person walk the directory's tree and take places from it. size
// says what is in a place, where that is known; nil where nobody asks.
func (w *wizard) places(ctx context.Context, s *counted, key string, before []string, size func(dn string) string) ([]string, error) {
	if size == nil {
		size = func(string) string { return "" }
	}
	chosen := slices.Clone(before)
	roots, err := s.Browse(ctx, "")
	if err != nil {
		return before, unread{err}
	}
	path := []spot{}
	if len(roots) == 1 {
		path = append(path, spot{roots[0].DN, roots[0].Name})
	}
	w.say("Open a place to see what is in it, then take it.")
	for {
		at := ""
		if len(path) > 0 {
			at = path[len(path)-1].dn
		}
		children := roots
		if at != "" {
			if children, err = s.Browse(ctx, at); err != nil {
				return before, unread{err}
			}
		}
		options := placeOptions(path, children, chosen, size)
		if len(roots) == 1 && len(path) == 1 || len(path) == 0 {
			options = slices.DeleteFunc(options, func(o ask.Option) bool { return o.Value == "up" })
		}
		if len(options) == 0 {
			return before, unread{errors.New("the directory shows no OUs to this account")}
		}
		i, err := w.ask.Choose(ctx, ask.Question{Key: key, Label: trail(path), Default: options[0].Value}, options)
		if err != nil {
			return before, err
		}
		switch value := options[i].Value; value {
		case "done":
			return chosen, nil
		case "up":
			path = path[:len(path)-1]
		case "take":
			if i := indexDN(chosen, at); i >= 0 {
				chosen = slices.Delete(chosen, i, i+1)
			} else {
				chosen = append(chosen, at)
			}
			if len(path) > 1 {
				path = path[:len(path)-1]
			}
		default:
			path = append(path, spot{value, options[i].Label})
		}
	}
}

// placeOptions are what can be done at a place in the tree.
func placeOptions(path []spot, children []ldapsrc.Node, chosen []string, size func(dn string) string) []ask.Option {
	var options []ask.Option
	if len(chosen) > 0 {
		names := make([]string, len(chosen))
		for i, dn := range chosen {
			names[i] = firstName(dn)
		}
		options = append(options, ask.Option{Value: "done", Label: "Done: " + strings.Join(names, ", ")})
	}
	if len(path) > 0 {
		at := path[len(path)-1]
		verb := "Take"
		if indexDN(chosen, at.dn) >= 0 {
			verb = "Leave out"
		}
		options = append(options, ask.Option{Value: "take", Label: verb + " all in " + at.name, Help: size(at.dn)})
	}
	for _, n := range children {
		if n.System || n.Class == "builtinDomain" {
			continue
		}
		taken, description := "", n.Description
		if indexDN(chosen, n.DN) >= 0 {
			taken, description = "taken", ""
		}
		help := strings.Join(slices.DeleteFunc([]string{taken, size(n.DN), description}, func(part string) bool { return part == "" }), "; ")
		options = append(options, ask.Option{Value: n.DN, Label: n.Name, Help: help})
	}
	return append(options, ask.Option{Value: "up", Label: "Back"})
}

func trail(path []spot) string {
	if len(path) == 0 {
		return "Where?"
	}
	var names []string
	for _, s := range path {
		names = append(names, s.name)
	}
	return strings.Join(names, " > ")
}

func indexDN(list []string, dn string) int {
	return slices.IndexFunc(list, func(other string) bool { return strings.EqualFold(other, dn) })
}

// firstName is the value of a DN's first part.
func firstName(dn string) string {
	first := strings.TrimSuffix(dn, ","+parentDN(dn))
	if _, value, ok := strings.Cut(first, "="); ok {
		return value
	}
	return first
}

// parentDN is the part of a DN above its first name, for people.
func parentDN(dn string) string {
	for i := 0; i < len(dn); i++ {
		switch dn[i] {
		case '\\':
			i++
		case ',':
			return dn[i+1:]
		}
	}
	return ""
}

package upload

import (
	"fmt"
	"slices"
	"strings"

	"adsync/ldapsrc/directory"
)

// A Mark is how a resource says whom it belongs to: the template of its
// externalId, with {source} and {anchor} in it. A resource whose externalId
// is not of this form, or names a source that is not configured, is not ours.
type Mark struct {
	before, between, after string
	sourceFirst, sourced   bool
	sources                map[string]bool
	ids                    []string // the sources, sorted
	only                   string   // the one source, where the template names none
}

// NewMark compiles a template such as "{source}:{anchor}" for the configured
// sources. A template without {source} serves one source only.
func NewMark(template string, sources []string) (*Mark, error) {
	m := &Mark{sources: map[string]bool{}, ids: slices.Sorted(slices.Values(sources))}
	for _, id := range sources {
		m.sources[id] = true
	}
	s, a := strings.Index(template, "{source}"), strings.Index(template, "{anchor}")
	if strings.Count(template, "{anchor}") != 1 || strings.Count(template, "{source}") > 1 {
		return nil, fmt.Errorf("%q wants {anchor} once and {source} at most once", template)
	}
	m.sourced = s >= 0
	if !m.sourced {
		if len(sources) != 1 {
			return nil, fmt.Errorf("%q wants {source}, for there are %d sources", template, len(sources))
		}
		m.only = sources[0]
		m.before, m.after, _ = strings.Cut(template, "{anchor}")
		return m, nil
	}
	m.sourceFirst = s < a
	first, second := "{source}", "{anchor}"
	if !m.sourceFirst {
		first, second = second, first
	}
	m.before, template, _ = strings.Cut(template, first)
	m.between, m.after, _ = strings.Cut(template, second)
	if m.between == "" {
		return nil, fmt.Errorf("the externalId template wants something between {source} and {anchor}")
	}
	return m, nil
}

// ExternalID is the mark of one entry.
func (m *Mark) ExternalID(source string, a directory.Anchor) string {
	switch {
	case !m.sourced:
		return m.before + string(a) + m.after
	case m.sourceFirst:
		return m.before + source + m.between + string(a) + m.after
	}
	return m.before + string(a) + m.between + source + m.after
}

// all are the marks of one entry, should it have been in another source before;
// that of its source comes first.
func (m *Mark) all(source string, a directory.Anchor) []string {
	marks := []string{m.ExternalID(source, a)}
	for _, other := range m.ids {
		if other != source {
			marks = append(marks, m.ExternalID(other, a))
		}
	}
	return marks
}

// Owner reads a mark: the source and the anchor of a resource that a
// configured source owns. Case is not folded: we wrote it.
func (m *Mark) Owner(externalID string) (source string, a directory.Anchor, ok bool) {
	source, a, ok = m.parse(externalID)
	return source, a, ok && m.sources[source]
}

// Foreign reads the mark of a source that is not configured here, so that
// nothing of another adsync, or of a source taken out, is adopted.
func (m *Mark) Foreign(externalID string) (source string, ok bool) {
	if source, _, ok = m.parse(externalID); ok {
		return source, !m.sources[source]
	}
	// Some services change the case of what they keep.
	folded := *m
	folded.before, folded.between, folded.after = strings.ToLower(m.before), strings.ToLower(m.between), strings.ToLower(m.after)
	source, _, ok = folded.parse(strings.ToLower(externalID))
	for id := range m.sources {
		ok = ok && !strings.EqualFold(id, source)
	}
	return source, ok
}

func (m *Mark) parse(externalID string) (source string, a directory.Anchor, ok bool) {
	rest, ok := strings.CutPrefix(externalID, m.before)
	if !ok {
		return "", "", false
	}
	rest, ok = strings.CutSuffix(rest, m.after)
	if !ok {
		return "", "", false
	}
	// An anchor has a fixed length, so that whatever stands between it and
	// the source may occur in either.
	if len(rest) < directory.AnchorLength {
		return "", "", false
	}
	anchor := rest
	switch {
	case !m.sourced:
		source = m.only
	case m.sourceFirst:
		rest, anchor = rest[:len(rest)-directory.AnchorLength], rest[len(rest)-directory.AnchorLength:]
		source, ok = strings.CutSuffix(rest, m.between)
	default:
		anchor, rest = rest[:directory.AnchorLength], rest[directory.AnchorLength:]
		source, ok = strings.CutPrefix(rest, m.between)
	}
	return source, directory.Anchor(anchor), ok && source != "" && directory.IsAnchor(anchor)
}

package scimtest

import (
	"encoding/json"
	"strings"
)

// merged is the body of a PUT with what it leaves out taken from what is there, down to the attributes of an extension.
func merged(body []byte, have map[string]any) []byte {
	var sent map[string]any
	if json.Unmarshal(body, &sent) != nil {
		return body
	}
	mergeInto(sent, have)
	out, err := json.Marshal(sent)
	if err != nil {
		return body
	}
	return out
}

func mergeInto(sent, have map[string]any) {
	for name, old := range have {
		key := name
		for other := range sent {
			if strings.EqualFold(other, name) {
				key = other
			}
		}
		now, there := sent[key]
		inner, object := now.(map[string]any)
		before, was := old.(map[string]any)
		switch {
		case !there:
			sent[name] = old
		case object && was:
			mergeInto(inner, before)
		}
	}
}

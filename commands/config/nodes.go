package config

import "gopkg.in/yaml.v3"

// textNode is text, in quotes where YAML would read something else.
func textNode(text string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	if text == "" || text == "off" || text == "on" || text == "yes" || text == "no" {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// plainNode is a scalar that is written as it is.
func plainNode(text, tag string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: text}
}

package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const manual = "../../docs/configuration.md"

// TestTheManualHasEveryKeyWithItsDefault compares the tables of the manual
// with the structs.
func TestTheManualHasEveryKeyWithItsDefault(t *testing.T) {
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	written := keysOfManual(string(text))
	known := keysOf(reflect.ValueOf(defaultOf(reflect.TypeFor[File]())).Elem(), "")
	for key, standard := range known {
		said, ok := written[key]
		switch {
		case !ok:
			t.Errorf("%s is not in the manual", key)
		case standard != "" && said != "`"+standard+"`":
			t.Errorf("%s: the manual says %s, the default is %s", key, said, standard)
		case standard == "" && strings.HasPrefix(said, "`"):
			t.Errorf("%s: the manual says %s, there is no default", key, said)
		}
	}
	for key := range written {
		if _, ok := known[key]; !ok {
			t.Errorf("%s is in the manual and is no key", key)
		}
	}
}

var (
	manualSection = regexp.MustCompile("^## `(.+)`$")
	manualRow     = regexp.MustCompile("^\\| `([a-z_0-9]+)` \\| (.*?) \\| .+ \\|$")
)

// keysOfManual are the keys of the manual's tables, each with its default.
func keysOfManual(text string) map[string]string {
	keys := map[string]string{}
	section := ""
	for line := range strings.SplitSeq(text, "\n") {
		if m := manualSection.FindStringSubmatch(line); m != nil {
			section = strings.TrimPrefix(m[1]+".", "(top level).")
		} else if strings.HasPrefix(line, "## ") {
			section = ""
		}
		if m := manualRow.FindStringSubmatch(line); m != nil {
			keys[section+m[1]] = m[2]
		}
	}
	return keys
}

// keysOf are the keys of a struct and of those in it, each with its default;
// empty where the default is not one value.
func keysOf(v reflect.Value, prefix string) map[string]string {
	keys := map[string]string{}
	for _, f := range fieldsOf(v.Type()) {
		held := v.Field(f.index)
		key := prefix + f.name
		keys[key] = ""
		_, own := held.Interface().(nodeMaker)
		kind := held.Type()
		switch {
		case own && held.CanInt(), held.Type() == reflect.TypeFor[Limit]():
			keys[key] = fmt.Sprint(held.Interface())
		case own:
		case kind.Kind() == reflect.Bool, kind.Kind() == reflect.Int && key != "version":
			keys[key] = fmt.Sprint(held.Interface())
		case kind.Kind() == reflect.String:
			keys[key] = held.String()
		case kind.Kind() == reflect.Struct:
			addKeys(keys, keysOf(held, key+"."))
		case kind.Kind() == reflect.Pointer && kind.Elem().Kind() == reflect.Struct:
			addKeys(keys, keysOf(reflect.ValueOf(defaultOf(kind.Elem())).Elem(), key+"."))
		case kind == reflect.TypeFor[[]Source]():
			addKeys(keys, keysOf(reflect.ValueOf(NewSource()), key+"[]."))
		}
	}
	return keys
}

func addKeys(to, from map[string]string) {
	for key, standard := range from {
		to[key] = standard
	}
}

// TestTheSamplesUseEveryKey holds the samples to their purpose: to show how
// each key is written.
func TestTheSamplesUseEveryKey(t *testing.T) {
	var all strings.Builder
	paths, _ := filepath.Glob(filepath.Join(samples, "*.yaml"))
	for _, path := range append(paths, filepath.Join("testdata", "design.yaml"), filepath.Join("testdata", "large.yaml")) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	// Rare keys whose sample would show nothing that the manual does not.
	rare := []string{"include", "built_in", "ccache", "krb5_conf", "spn", "page_size", "width", "devices", "login", "group", "member", "manager",
		"computer_type", "none", "key_id", "audience", "computer", "insecure"}
	for key := range keysOf(reflect.ValueOf(defaultOf(reflect.TypeFor[File]())).Elem(), "") {
		name := key[strings.LastIndexByte(key, '.')+1:]
		if !slices.Contains(rare, name) && !regexp.MustCompile(`(?m)(^|[ {])`+name+`:`).MatchString(all.String()) {
			t.Errorf("%s is in no sample", key)
		}
	}
}

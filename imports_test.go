package main_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mayImport says which packages of this module each package may import: only
// what is below it. A new package gets a line of its own here.
var mayImport = map[string][]string{
	"adsync": {"adsync/commands"},
	"adsync/commands": {
		"adsync/commands/ask", "adsync/commands/config", "adsync/commands/rules", "adsync/ldapsrc", "adsync/ldapsrc/directory",
		"adsync/ldapsrc/ldif", "adsync/upload", "adsync/upload/filetarget", "adsync/upload/scim", "adsync/proxy",
	},
	"adsync/commands/ask": nil,
	// The file is read into the types of those it configures.
	"adsync/commands/config":          {"adsync/ldapsrc", "adsync/upload", "adsync/upload/scim", "adsync/proxy"},
	"adsync/commands/rules":           {"adsync/ldapsrc/directory", "adsync/upload"},
	"adsync/commands/ask/asktest":     nil,
	"adsync/proxy":                    nil,
	"adsync/proxy/proxytest":          nil,
	"adsync/ldapsrc":                  {"adsync/ldapsrc/directory", "adsync/ldapsrc/ldif"},
	"adsync/ldapsrc/directory":        nil,
	"adsync/ldapsrc/ldif":             nil,
	"adsync/ldapsrc/ldaptest":         {"adsync/ldapsrc/ldif"},
	"adsync/ldapsrc/ldaptest/servers": nil,
	"adsync/upload":                   {"adsync/ldapsrc/directory"},
	"adsync/upload/scim":              {"adsync/upload", "adsync/ldapsrc/directory"},
	"adsync/upload/filetarget":        {"adsync/upload", "adsync/upload/scim"},
	"adsync/upload/scimtest":          nil,
	"adsync/upload/scimtest/servers":  nil,
	"adsync/upload/targettest":        {"adsync/upload", "adsync/ldapsrc/directory", "adsync/upload/scimtest"},
}

// testServers are imported by tests, by each other, and those that the demo
// runs by demoFiles; by nothing else.
var (
	demoServers = []string{"adsync/ldapsrc/ldaptest", "adsync/upload/scimtest"}
	testServers = append([]string{
		"adsync/ldapsrc/ldaptest/servers", "adsync/upload/scimtest/servers", "adsync/upload/targettest",
		"adsync/proxy/proxytest", "adsync/commands/ask/asktest",
	}, demoServers...)
	demoFiles = []string{"commands/demo*.go", "commands/company.go"}
)

// standardOnly import nothing but the standard library and, where mayImport
// says so, this module.
var standardOnly = []string{"adsync/ldapsrc/directory", "adsync/ldapsrc/ldif"}

// confined are libraries and the only packages that may know them.
var confined = []struct {
	library string
	to      []string
}{
	{"github.com/AlecAivazis/survey/", []string{"adsync/commands/ask"}},
	{"github.com/urfave/cli/", []string{"adsync/commands"}},
	{"gopkg.in/yaml.v3", []string{"adsync/commands/config"}},
	{"github.com/go-ldap/", []string{"adsync/commands", "adsync/commands/config", "adsync/ldapsrc",
		"adsync/ldapsrc/ldaptest", "adsync/ldapsrc/ldaptest/servers"}},
}

func TestImportsRunDownwards(t *testing.T) {
	for _, f := range sourceFiles(t) {
		if f.test {
			continue
		}
		allowed, known := mayImport[f.pkg]
		if !known {
			t.Errorf("%s: package %s is not in mayImport", f.name, f.pkg)
		}
		for _, imported := range f.imports {
			if !ours(imported) || slices.Contains(allowed, imported) {
				continue
			}
			if slices.Contains(testServers, imported) && f.mayUseServer(imported) {
				continue
			}
			t.Errorf("%s: %s must not import %s", f.name, f.pkg, imported)
		}
	}
}

func TestLibrariesStayWhereTheyBelong(t *testing.T) {
	for _, f := range sourceFiles(t) {
		if f.test {
			continue
		}
		for _, imported := range f.imports {
			for _, c := range confined {
				if strings.HasPrefix(imported, c.library) && !slices.Contains(c.to, f.pkg) {
					t.Errorf("%s: only %s may import %s", f.name, strings.Join(c.to, " and "), imported)
				}
			}
			if slices.Contains(standardOnly, f.pkg) && !ours(imported) && !standard(imported) {
				t.Errorf("%s: %s imports only the standard library, not %s", f.name, f.pkg, imported)
			}
		}
	}
}

// A run from cron has nobody to ask.
func TestSyncAndStatusNeverAsk(t *testing.T) {
	for _, f := range sourceFiles(t) {
		unattended := strings.HasPrefix(f.name, "commands/sync") || strings.HasPrefix(f.name, "commands/status")
		if unattended && !f.test && slices.Contains(f.imports, "adsync/commands/ask") {
			t.Errorf("%s imports adsync/commands/ask", f.name)
		}
	}
}

// LDAP and SCIM tests may use any server of ours, but each side's tests leave
// the other side alone: only commands brings them together.
func TestSourceAndTargetNeverMeetInTheirTests(t *testing.T) {
	for _, f := range sourceFiles(t) {
		for _, imported := range f.imports {
			source, target := strings.HasPrefix(f.pkg, "adsync/ldapsrc"), strings.HasPrefix(f.pkg, "adsync/upload")
			if source && strings.HasPrefix(imported, "adsync/upload") ||
				target && strings.HasPrefix(imported, "adsync/ldapsrc") && imported != "adsync/ldapsrc/directory" {
				t.Errorf("%s imports %s", f.name, imported)
			}
		}
	}
}

// The program links two test servers for the demo, and with them must not come
// package testing, which adds its flags and its weight.
func TestTheProgramDoesNotLinkTesting(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go list -deps: %v\n%s", err, out)
	}
	for dependency := range strings.FieldsSeq(string(out)) {
		switch dependency {
		case "testing", "net/http/httptest", "adsync/ldapsrc/ldaptest/servers", "adsync/upload/scimtest/servers", "adsync/upload/targettest",
			"adsync/proxy/proxytest", "adsync/commands/ask/asktest":
			t.Errorf("the program links %s", dependency)
		}
	}
}

var dials = regexp.MustCompile(`\bhttp\.(DefaultClient|DefaultTransport|Get|Head|Post|PostForm)\b|\bnet\.Dial(Timeout)?\(|\btls\.Dial`)

// One transport and one dialer, those of package proxy, are for everything:
// nobody else opens a connection in a way that would go around the proxy.
func TestOnlyTheProxyPackageOpensConnections(t *testing.T) {
	for _, f := range sourceFiles(t) {
		if f.test || f.pkg == "adsync/proxy" || slices.Contains(testServers, f.pkg) {
			continue
		}
		text, err := os.ReadFile(filepath.FromSlash(f.name))
		if err != nil {
			t.Fatal(err)
		}
		if found := dials.Find(text); found != nil {
			t.Errorf("%s opens a connection of its own: %s", f.name, found)
		}
	}
}

// sourceFile is a Go file of this module as far as its imports go, whatever
// system it is built for.
type sourceFile struct {
	name    string // slash-separated, from the module's root
	pkg     string
	test    bool
	imports []string
}

// mayUseServer says whether the file, which is no test, may import the server.
func (f sourceFile) mayUseServer(server string) bool {
	for _, pattern := range demoFiles {
		if matched, _ := path.Match(pattern, f.name); matched {
			return slices.Contains(demoServers, server)
		}
	}
	return slices.Contains(testServers, f.pkg)
}

func sourceFiles(t *testing.T) []sourceFile {
	t.Helper()
	var files []sourceFile
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" || entry.Name() == "node_modules"):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(name) != ".go":
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		f := sourceFile{name: filepath.ToSlash(name), test: strings.HasSuffix(name, "_test.go")}
		f.pkg = path.Join("adsync", path.Dir(f.name))
		for _, spec := range parsed.Imports {
			f.imports = append(f.imports, strings.Trim(spec.Path.Value, "`\""))
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func ours(imported string) bool {
	return imported == "adsync" || strings.HasPrefix(imported, "adsync/")
}

// standard says whether an import path is the standard library's: those have no
// dot in their first element.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

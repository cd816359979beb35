package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"adsync/ldapsrc/ldaptest"
	"adsync/ldapsrc/ldif"
	"adsync/upload/scimtest"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the expected texts of the scripts")

// TestMain makes the test binary the program itself when a script calls
// adsync.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"adsync": guarded})
}

// TestScripts runs the behaviour that users see, each script in a folder of
// its own. docs are in testdata/script/README.md.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: *update,
		Setup:         setupScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"directory": directoryCommand,
			"service":   serviceCommand,
			"exits":     exitsCommand,
			"jsonfield": jsonFieldCommand,
			"expand":    expandCommand,
			"newest":    newestCommand,
			"proxy":     proxyCommand,
			"unpack":    unpackCommand,
			"lacks":     lacksCommand,
		},
	})
}

type worldKey struct{}

// scriptWorld are the servers that a script has started.
type scriptWorld struct {
	directories map[string]*ldaptest.Server
	service     *scimtest.Server
	quirks      scimtest.Quirks
}

func setupScript(e *testscript.Env) error {
	w := &scriptWorld{directories: map[string]*ldaptest.Server{}}
	e.Values[worldKey{}] = w
	e.Defer(func() {
		for _, d := range w.directories {
			_ = d.Close()
		}
		if w.service != nil {
			w.service.Close()
		}
	})
	// The scripts' programs see a home of their own and no configuration of
	// the machine.
	e.Setenv("HOME", e.WorkDir)
	e.Setenv("XDG_CONFIG_HOME", filepath.Join(e.WorkDir, ".config"))
	e.Setenv("XDG_STATE_HOME", filepath.Join(e.WorkDir, ".state"))
	e.Setenv("STATE_DIRECTORY", filepath.Join(e.WorkDir, "state"))
	e.Setenv("TERM", "dumb")
	return os.Mkdir(filepath.Join(e.WorkDir, "state"), 0o700)
}

func worldOf(ts *testscript.TestScript) *scriptWorld { return ts.Value(worldKey{}).(*scriptWorld) }

// directoryCommand starts and edits directories:
//
//	directory start NAME ad|ldap SUFFIX FILE.ldif   sets NAME_URL (StartTLS offered), NAME_LDAPS, and writes NAME-ca.pem
//	directory apply NAME FILE.ldif                  applies change records
//	directory password NAME DN PASSWORD
//	directory stop NAME
func directoryCommand(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	if len(args) < 2 {
		ts.Fatalf("usage: directory start|apply|password|stop NAME ...")
	}
	name := args[1]
	switch args[0] {
	case "start":
		flavor := ldaptest.OpenLDAP
		if args[2] == "ad" {
			flavor = ldaptest.ActiveDirectory
		}
		d := ldaptest.NewDirectory(flavor, args[3])
		ts.Check(d.LoadLDIF(strings.NewReader(ts.ReadFile(args[4]))))
		s, err := ldaptest.Start(d, ldaptest.Options{})
		ts.Check(err)
		w.directories[name] = s
		ts.Setenv(strings.ToUpper(name)+"_URL", s.URL())
		ts.Setenv(strings.ToUpper(name)+"_LDAPS", s.LDAPSURL())
		ts.Check(os.WriteFile(ts.MkAbs(name+"-ca.pem"), s.CACertPEM(), 0o600))
	case "apply":
		ts.Check(applyLDIF(w.directories[name].Directory(), ts.ReadFile(args[2])))
	case "password":
		ts.Check(w.directories[name].Directory().SetPassword(args[2], args[3]))
	case "stop":
		ts.Check(w.directories[name].Close())
		delete(w.directories, name)
	default:
		ts.Fatalf("directory %s is unknown", args[0])
	}
}

// applyLDIF makes the changes of LDIF change records; a record without
// changetype is added.
func applyLDIF(d *ldaptest.Directory, text string) error {
	r := ldif.NewReader(strings.NewReader(text))
	for {
		record, err := r.Next()
		if err != nil {
			if err.Error() == "EOF" {
				return nil
			}
			return err
		}
		switch record.Change {
		case "", "add":
			attributes := map[string][]string{}
			for _, a := range record.Attributes {
				for _, v := range a.Values {
					attributes[a.Name] = append(attributes[a.Name], string(v))
				}
			}
			err = d.Add(record.DN, attributes)
		case "delete":
			err = d.Delete(record.DN)
		case "modify":
			err = d.Modify(record.DN, record.Mods...)
		case "modrdn", "moddn":
			err = d.Rename(record.DN, renamed(record))
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", record.Line, err)
		}
	}
}

// serviceCommand starts and looks at the SCIM service:
//
//	service start [PROFILE|devices|workstations|undescribed]  sets SERVICE_URL and SERVICE_TOKEN, and writes the file token
//	service drops PATH          keeps nothing that is written to a path of users
//	service lowers PATH         keeps the text of a path in lower case
//	service flat                drops groups as members of groups
//	service keeps               keeps from now on what is written
//	service start oauth SECRET       one with a token endpoint, TOKEN_URL, for client adsync with the secret or the key of key.pem
//	service stop
//	service users FILE          writes "userName active title" lines, sorted
//	service ids FILE            writes "userName externalId" lines, sorted
//	service groups FILE         writes "displayName: member, member" lines, sorted
//	service writes N            fails unless N writing requests came since the last call or service forget
//	service forget
//	service seed FILE.json      puts users: a list of SCIM documents
//	service fault STATUS PATH [DETAIL]  answers requests for a path with a status, until service heal
//	service heal
func serviceCommand(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	if len(args) == 0 {
		ts.Fatalf("usage: service start|users|groups|writes|seed|fault|heal")
	}
	switch args[0] {
	case "start":
		o := scimtest.Options{Seed: 1}
		switch {
		case len(args) > 1 && args[1] == "devices":
			o.Quirks.Devices = true
		case len(args) > 1 && args[1] == "workstations":
			o.Types = []scimtest.Type{workstations}
		case len(args) > 1 && args[1] == "undescribed":
			o.Quirks.NoDiscovery = true // so that groups in groups are not ruled out
		case len(args) > 2 && args[1] == "oauth":
			o.Auth.OAuth2 = &scimtest.OAuth2{ClientID: "adsync", ClientSecret: args[2], PublicKey: plantKey(ts)}
		case len(args) > 1:
			quirks, err := scimtest.ForService(args[1])
			ts.Check(err)
			o.Quirks = quirks
		}
		s, err := scimtest.Start(o)
		ts.Check(err)
		w.service, w.quirks = s, o.Quirks
		ts.Setenv("SERVICE_URL", s.URL())
		ts.Setenv("SERVICE_TOKEN", s.Token())
		ts.Setenv("TOKEN_URL", s.TokenURL())
		ts.Check(os.WriteFile(ts.MkAbs("token"), []byte(s.Token()), 0o600))
	case "drops", "lowers", "keeps":
		switch args[0] {
		case "drops":
			w.quirks.NotStored = append(w.quirks.NotStored, args[1])
		case "lowers":
			w.quirks.LowerCase = append(w.quirks.LowerCase, args[1])
		default:
			w.quirks.NotStored, w.quirks.LowerCase, w.quirks.SkipGroups = nil, nil, false
		}
		w.service.SetQuirks(w.quirks)
	case "flat":
		w.quirks.SkipGroups = true
		w.service.SetQuirks(w.quirks)
	case "stop":
		w.service.Close()
		w.service = nil
	case "users", "groups", "ids":
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(describe(w.service, args[0])), 0o644))
	case "writes":
		want, err := strconv.Atoi(args[1])
		ts.Check(err)
		var writes []string
		for _, r := range w.service.Requests() {
			if r.Method != "GET" {
				writes = append(writes, r.Method+" "+r.Path)
			}
		}
		w.service.ResetRequests()
		if len(writes) != want {
			ts.Fatalf("%d writing requests, want %d:\n%s", len(writes), want, strings.Join(writes, "\n"))
		}
	case "forget":
		w.service.ResetRequests()
	case "seed":
		var docs []map[string]any
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &docs))
		_, err := w.service.Put("User", docs...)
		ts.Check(err)
	case "fault":
		status, err := strconv.Atoi(args[1])
		ts.Check(err)
		w.service.Fault(scimtest.Fault{Kind: scimtest.FaultStatus, Status: status, Path: args[2], Detail: strings.Join(args[3:], " ")})
	case "heal":
		w.service.ClearFaults()
	default:
		ts.Fatalf("service %s is unknown", args[0])
	}
}

// exitsCommand runs a program and fails unless it exits with the code:
//
//	exits 5 adsync sync
func exitsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE program [args...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

// jsonFieldCommand takes a field of the last JSON line of a type in a file
// into an environment variable:
//
//	jsonfield stdout summary digest DIGEST
func jsonFieldCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 4 {
		ts.Fatalf("usage: jsonfield FILE TYPE FIELD VARIABLE")
	}
	value := ""
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		var object map[string]any
		if err := json.NewDecoder(bytes.NewReader([]byte(line))).Decode(&object); err != nil {
			ts.Fatalf("%s: not JSON: %s", args[0], line)
		}
		if object["type"] == args[1] {
			value = fmt.Sprint(object[args[2]])
		}
	}
	ts.Setenv(args[3], value)
}

// expandCommand replaces $NAMES in files by the script's variables:
//
//	expand adsync.yaml
func expandCommand(ts *testscript.TestScript, neg bool, args []string) {
	for _, file := range args {
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte(os.Expand(ts.ReadFile(file), ts.Getenv)), 0o600))
	}
}

// newestCommand takes the name of the file that is last by name, of those
// that a pattern finds, into an environment variable:
//
//	newest state/undo-*.jsonl UNDO
func newestCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: newest PATTERN VARIABLE")
	}
	files, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(files) == 0 {
		ts.Fatalf("no file is named %s", args[0])
	}
	slices.Sort(files)
	ts.Setenv(args[1], files[len(files)-1])
}

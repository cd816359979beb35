// Package config is the configuration file: it is loaded strictly, checked as
// a whole, and saved without losing what a person wrote into it. Secrets never
// stand in the file; the package fetches them from where the file says they
// are, as values that do not print.
//
// Whether a server answers, a name resolves or a password is right is left to
// those who use the configuration.
package config

import (
	"adsync/upload"

	"gopkg.in/yaml.v3"
)

// Version is the version of the file's format that this program reads.
const Version = 1

// A File is one configuration. Load returns it complete: what the file leaves
// out has its default.
type File struct {
	// Path is where the file was read, and the folder that relative paths in
	// it start from.
	Path string `yaml:"-"`
	// Warnings are remarks about the file that do not keep it from being used,
	// one line each.
	Warnings []string `yaml:"-"`

	Version int      `yaml:"version,always"` // of the format: 1
	Sources []Source `yaml:"sources"`
	Mapping Mapping  `yaml:"mapping"`
	Target  *Target  `yaml:"target"` // nil where only the directory is looked at
	Policy  Policy   `yaml:"policy,always"`
	Limits  Limits   `yaml:"limits,always"`
	Proxy   *Proxy   `yaml:"proxy"` // nil for the direct way
	Log     Log      `yaml:"log"`
	Report  Report   `yaml:"report"`
	Monitor Monitor  `yaml:"monitor"`

	text  []byte         // as read, for its empty lines
	tree  *yaml.Node     // as read, for its comments and order
	lines map[string]int // of the keys, as read
}

// New is a configuration without sources and target, with every default.
func New() *File {
	f := &File{Version: Version}
	f.setDefaults()
	return f
}

func (f *File) setDefaults() {
	f.Policy = Policy{UserDisabled: "deactivate", UserGone: "deactivate", GroupGone: "delete"}
	l := upload.DefaultLimits()
	f.Limits = Limits{Limit{l.UserRemovals}, Limit{l.GroupRemovals}, Limit{l.MemberRemovals}, Limit{l.GroupMemberRemovals}}
	f.Log = Log{Level: "info", Format: "text", Keep: 10}
	f.Report = Report{KeepUndo: 20}
}

// Source returns the source with an id, nil when there is none.
func (f *File) Source(id string) *Source {
	for i := range f.Sources {
		if f.Sources[i].ID == id {
			return &f.Sources[i]
		}
	}
	return nil
}

// SourceIDs are the ids of all sources, in the order of the file.
func (f *File) SourceIDs() []string {
	ids := make([]string, len(f.Sources))
	for i, s := range f.Sources {
		ids[i] = s.ID
	}
	return ids
}

// Mapping says which attributes of the directory fill which SCIM paths: path
// to an attribute, a list of alternatives, or a template. A kind that is given
// is complete as given; a kind that is not (nil) has the default mapping of
// each source's type.
type Mapping struct {
	User     map[string]Strings `yaml:"user"`
	Group    map[string]Strings `yaml:"group"`
	Computer map[string]Strings `yaml:"computer"`
	// ComputerType is the resource type that computers become: its name, or
	// the URN of its schema.
	ComputerType string `yaml:"computer_type"`
}

// Policy says what becomes of those who left.
type Policy struct {
	UserDisabled string `yaml:"user_disabled,always"` // keep, deactivate or delete
	UserGone     string `yaml:"user_gone,always"`     // left the directory or the scope: keep, deactivate or delete
	GroupGone    string `yaml:"group_gone,always"`    // keep or delete
}

// Limits are the fuse against mass removal.
type Limits struct {
	UserRemovals        Limit `yaml:"user_removals,always"`         // of the owned, active users
	GroupRemovals       Limit `yaml:"group_removals,always"`        // of the owned groups
	MemberRemovals      Limit `yaml:"member_removals,always"`       // of all memberships
	GroupMemberRemovals Limit `yaml:"group_member_removals,always"` // of the members of one group
}

// Proxy is the way out of the network.
type Proxy struct {
	URL      string  `yaml:"url"`      // http, https, socks5 or socks5h; or system
	Username string  `yaml:"username"` // of the proxy
	Password Secret  `yaml:"password"`
	Auth     string  `yaml:"auth"`     // basic, ntlm or negotiate; basic when empty
	NoProxy  Strings `yaml:"no_proxy"` // what is reached directly
	LDAP     bool    `yaml:"ldap"`     // the directory's connections too
	CAFile   string  `yaml:"ca_file"`  // authorities that the proxy's certificates may come from
}

// Log says where log lines go.
type Log struct {
	File   string `yaml:"file"`   // standard error when empty
	Level  string `yaml:"level"`  // debug, info, warn or error
	Format string `yaml:"format"` // text or json
	Keep   int    `yaml:"keep"`   // rotated files to keep
}

// Report says where a run leaves last-run.json and its undo file.
type Report struct {
	Dir      string `yaml:"dir"`       // see File.ReportDir for the default
	KeepUndo int    `yaml:"keep_undo"` // undo files to keep; 0 writes none
}

// Monitor says whom a run tells how it went.
type Monitor struct {
	MetricsFile string   `yaml:"metrics_file"` // for the node exporter's textfile collector
	Ping        Endpoint `yaml:"ping"`         // called at start, success and failure
	Webhook     Endpoint `yaml:"webhook"`      // sent the summary on failure and withheld removals
}

package commands

import (
	"adsync/commands/rules"
	"adsync/ldapsrc"
	"adsync/upload"
)

// holdBack runs the data checks over the sources that were read completely,
// and names in the input of the plan what must not be synchronised as it is.
func (r *run) holdBack(in *upload.Input) error {
	checker, err := rules.New(rules.Options{
		Profile: knownProfile(in.Capabilities.Profile), Domains: r.file.Target.Domains, Least: rules.Block,
	})
	if err != nil {
		return err
	}
	for i, s := range r.sources {
		if snapshot, ok := in.Sources[i].Reading.Snapshot(); ok {
			checker.Add(s.checked(), snapshot)
		}
	}
	checker.AddTarget(in.State, r.mark)
	findings := checker.Findings()
	for i := range in.Sources {
		in.Sources[i].Blocked = rules.Blocked(findings, in.Sources[i].ID)
	}
	return nil
}

// checked is the source as the data checks see it.
func (s *source) checked() rules.Source {
	return rules.Source{
		ID: s.config.ID, AD: s.config.Type == string(ldapsrc.AD), BuiltIn: s.config.Users.BuiltIn, Mapping: s.mapping,
	}
}

// knownProfile is a profile that has rules of its own, or the generic one.
func knownProfile(name string) string {
	if rules.Known(name) {
		return name
	}
	return ""
}

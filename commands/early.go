package commands

import (
	"slices"
	"sync"

	"adsync/commands/rules"
	"adsync/ldapsrc"
	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// early is what is done with users as they come, while their directory is still
// read: they are checked, and compared with what the service holds. It begins
// when the service has been read, whose profile says what they are checked for.
type early struct {
	sources []*source
	known   chan struct{} // closed then, or when the service cannot be read
	waiting sync.WaitGroup

	turn     sync.Mutex
	checker  *rules.Checker // nil until it is known, and without a service
	checks   []*rules.Check // by source
	compared []*upload.Comparison
}

func (r *run) newEarly() *early {
	return &early{sources: r.sources, known: make(chan struct{})}
}

// want is what a source is asked for, its users as they come included.
func (e *early) want(s *source) ldapsrc.Want {
	w, number := s.want(), slices.Index(e.sources, s)
	w.Users = func(users []directory.User) {
		e.waiting.Go(func() {
			<-e.known
			e.turn.Lock()
			defer e.turn.Unlock()
			if e.checker != nil {
				e.checks[number].Users(users)
				e.compared[number].Users(users)
			}
		})
	}
	return w
}

// begin says what the users are checked for and compared with.
func (e *early) begin(in upload.Input, domains []string) error {
	checker, err := rules.New(rules.Options{Profile: knownProfile(in.Capabilities.Profile), Domains: domains, Least: rules.Block})
	if err != nil {
		return err
	}
	e.checker = checker
	for i, s := range e.sources {
		e.checks = append(e.checks, checker.Begin(s.checked()))
		e.compared = append(e.compared, upload.Compare(in, i))
	}
	return nil
}

// finish gives the input of the plan what was made of the users. It ends the
// data checks of the sources that were read completely, and names what must not
// be synchronised as it is.
func (e *early) finish(in *upload.Input) {
	for i := range e.sources {
		if snapshot, ok := in.Sources[i].Reading.Snapshot(); ok {
			e.checks[i].End(snapshot)
		}
	}
	e.checker.AddTarget(in.State, in.Mark)
	findings := e.checker.Findings()
	for i := range in.Sources {
		in.Sources[i].Blocked = rules.Blocked(findings, in.Sources[i].ID)
		in.Sources[i].Compared = e.compared[i]
	}
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

package scim

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"adsync/upload"
)

// A Target is one SCIM service in one run. It learns as it goes, so a new
// run wants a new Target. Its methods may be called at the same time.
type Target struct {
	client  *client
	profile Profile
	devices string // name of the resource type, or its schema
	bearer  Secret

	facts       *facts // after discovery
	discover    sync.Mutex
	want        upload.Want // of the last reading
	shapes      map[upload.Kind]*shape
	memberShape *shape // of groups that are read for their members alone
	learned     learned
	found       filters

	remarksMu sync.Mutex
	remarks   []string // what there is to say after the writing

	sampleMu sync.Mutex
	samples  map[upload.Kind]*upload.Resource // a resource known to be there
}

// learned is what the run has found out about writing.
type learned struct {
	dialect      [3]atomic.Int32 // by kind: the Dialect that works
	manager      atomic.Int32    // the form of manager that works
	most         atomic.Int32    // members that the largest group showed, if that may be all that is shown
	cut          atomic.Int32    // the same where it was seen to be; 0: not
	cutByUsers   atomic.Bool     // who is in a group that is cut off is read from the groups that users show
	adds         chunkSize
	removes      chunkSize
	members      atomic.Int32 // the MemberReading that was seen to show members
	added        atomic.Bool  // members were added by PATCH
	addByPut     atomic.Bool  // members are added by PUT
	byReplace    atomic.Bool  // and that PUT is a PATCH which replaces them all
	removeByPut  atomic.Bool  // removal by path is not done here
	dropsOthers  atomic.Bool  // removal by path takes others out too
	removing     sync.Mutex   // held while it is not known what a removal does
	noBulk       atomic.Bool
	vain         atomic.Int32    // waits for a change that did not come
	pageSize     atomic.Int32    // rows that a page may be asked for; 0: not found out
	bulkOps      atomic.Int32    // operations that one bulk request may hold; 0: not found out
	proven       sync.Map        // "kind dialect path": seen to take effect
	lost         sync.Map        // path of proven, without dialect, that was kept in no dialect: how often it was looked for again
	below        sync.Map        // path of proven, without dialect: the Dialect further down that it needs
	managers     finding         // a create keeps the manager that it names
	joins        finding         // a create keeps the members that it names
	references   finding         // one operation of a bulk request may name the manager that another makes
	groupFilter  finding         // the filter that finds the users of a group is looked at
	keepsRest    finding         // PATCH of a user leaves alone what it does not name
	keepsThere   finding         // adding members leaves those who are there
	watching     sync.Mutex      // held while that is not known
	brief        finding         // the answer to a change of a group may leave its members out
	created      [3]atomic.Bool  // by kind: one was made, and read back
	alone        [3]atomic.Bool  // by kind: lists hold attributes back that a single resource shows
	openly       [3]atomic.Int32 // by kind: resources that hold nothing more than the list showed of them
	deleted      [3]atomic.Bool  // by kind: one was deleted, and looked for
	unmarked     atomic.Bool     // groups keep no externalId
	wholeMembers atomic.Bool     // lists show no ids of members when they are asked for alone
}

// New makes the target of a configuration. It connects to nothing yet.
func New(c Config, e Env) (*Target, error) {
	e.defaults()
	base, err := baseURL(c.URL)
	if err != nil {
		return nil, err
	}
	name := c.Profile
	if name == "" {
		name = GuessProfile(c.URL)
	}
	profile, err := ProfileNamed(name)
	if err != nil {
		return nil, err
	}
	profile.override(c.Overrides)
	t := &Target{profile: profile, devices: c.DevicesResource, bearer: c.Auth.Bearer, shapes: map[upload.Kind]*shape{}, memberShape: newShape(upload.Group, nil, true), samples: map[upload.Kind]*upload.Resource{}}
	t.client = &client{
		env: e, base: base, http: newHTTPClient(e.Transport), budget: &budget{left: fullBudget},
		slash: new(atomic.Bool), versions: new(atomic.Bool), userAgent: cmp.Or(c.UserAgent, "adsync"), timeout: cmp.Or(c.Overrides.Timeout, time.Minute),
	}
	t.client.gate = newGate(&t.client.env, &t.profile)
	if t.client.credentials, err = c.Auth.credentials(t.client); err != nil {
		return nil, err
	}
	for k := range t.learned.dialect {
		t.learned.dialect[k].Store(int32(profile.Update))
	}
	t.learned.dialect[place(upload.Group)].Store(int32(profile.GroupUpdate))
	t.learned.adds.set(profile.AddMembers, c.Overrides.AddMembers == 0 && profile.Name == generic)
	t.learned.removes.set(profile.RemoveMembers, false)
	return t, nil
}

// Remarks are what there is to say after the writing.
func (t *Target) Remarks() []string {
	t.remarksMu.Lock()
	defer t.remarksMu.Unlock()
	return slices.Clone(t.remarks)
}

// remark adds what there is to say once.
func (t *Target) remark(sentence string) {
	t.remarksMu.Lock()
	defer t.remarksMu.Unlock()
	if !slices.Contains(t.remarks, sentence) {
		t.remarks = append(t.remarks, sentence)
	}
}

// place is the index of a kind in the arrays of learned.
func place(k upload.Kind) int {
	switch k {
	case upload.User:
		return 0
	case upload.Group:
		return 1
	}
	return 2
}

// Profile is the profile in use, overrides included.
func (t *Target) Profile() Profile { return t.profile }

// endpoint is the path of a kind's resources, "/Users".
func (t *Target) endpoint(k upload.Kind) (string, error) {
	if path := t.facts.endpoints[k]; path != "" {
		return path, nil
	}
	return "", fmt.Errorf("the service has no resource type for a %s", k)
}

// sample remembers one resource of a kind with an externalId, to prove
// filters with.
func (t *Target) sample(r *upload.Resource) {
	if t.profile.FrozenInactive && !r.Active {
		return // what it shows is not what it is found by
	}
	t.sampleMu.Lock()
	defer t.sampleMu.Unlock()
	if have := t.samples[r.Kind]; have == nil || have.ExternalID == "" && r.ExternalID != "" {
		t.samples[r.Kind] = r
	}
}

func (t *Target) known(k upload.Kind) *upload.Resource {
	t.sampleMu.Lock()
	defer t.sampleMu.Unlock()
	return t.samples[k]
}

// forget takes what a known resource is now in its place; nil if it is gone.
func (t *Target) forget(old, now *upload.Resource) {
	t.sampleMu.Lock()
	defer t.sampleMu.Unlock()
	if t.samples[old.Kind] == old {
		t.samples[old.Kind] = now
	}
}

// ready discovers the service once.
func (t *Target) ready(ctx context.Context) error {
	t.discover.Lock()
	defer t.discover.Unlock()
	if t.facts != nil {
		return nil
	}
	f, err := t.readFacts(ctx)
	if err != nil {
		return err
	}
	t.facts = f
	return nil
}

var _ upload.Target = (*Target)(nil)

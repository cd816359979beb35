package scim

import (
	"context"
	"sync"
	"sync/atomic"

	"adsync/upload"
)

// A finding is what a run has found out about one ability of a service.
type finding struct{ state atomic.Int32 }

const (
	unknown int32 = iota
	works
	fails
)

func (f *finding) open() bool  { return f.state.Load() == unknown }
func (f *finding) works() bool { return f.state.Load() == works }
func (f *finding) fails() bool { return f.state.Load() == fails }

// settle decides an open finding.
func (f *finding) settle(good bool) {
	if good {
		f.state.CompareAndSwap(unknown, works)
	} else {
		f.state.CompareAndSwap(unknown, fails)
	}
}

// making are the creates of one call whose users others name as their
// manager.
type making struct {
	mu sync.Mutex
	of map[int]*leader
}

// A leader is a user being made. id is valid once done is closed; it stays
// empty when the user could not be made.
type leader struct {
	begun bool
	done  chan struct{}
	id    string
}

func managersOf(writes []upload.Write) *making {
	m := &making{of: map[int]*leader{}}
	for i := range writes {
		if from := writes[i].ManagerFrom; from != nil && m.of[*from] == nil {
			m.of[*from] = &leader{done: make(chan struct{})}
		}
	}
	return m
}

// begin says that writes are under way, and may be waited for.
func (m *making) begin(writes []int) {
	if len(m.of) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, i := range writes {
		if l := m.of[i]; l != nil {
			l.begun = true
		}
	}
}

// end says what came of a write.
func (m *making) end(i int, id string) {
	if l := m.of[i]; l != nil {
		l.id = id
		close(l.done)
	}
}

// wait waits for a write that is under way and returns the id of what it
// made: "" when it made nothing, or has yet to begin. Writes begin in the
// order of their call, so nobody waits in a ring.
func (m *making) wait(ctx context.Context, i int) string {
	m.mu.Lock()
	l := m.of[i]
	begun := l.begun
	m.mu.Unlock()
	if !begun {
		return ""
	}
	select {
	case <-l.done:
		return l.id
	case <-ctx.Done():
		return ""
	}
}

// namesManager reports whether a write is a create with a manager.
func namesManager(w *upload.Write) bool {
	return w.Op == upload.OpCreate && (w.Manager != nil || w.ManagerFrom != nil)
}

// lead completes a create with its manager's id, or leaves out the manager or
// the members where the service does not keep them.
func (r *run) lead(ctx context.Context, w *upload.Write) {
	if w.Op == upload.OpCreate {
		w.Members = r.target.brought(w)
	}
	if !namesManager(w) {
		return
	}
	if r.target.learned.managers.fails() {
		w.Manager, w.ManagerFrom = nil, nil
		return
	}
	if w.Manager == nil {
		if id := r.making.wait(ctx, *w.ManagerFrom); id != "" {
			w.Manager = &id
		}
	}
}

// keepsManager reports whether a create has written its manager too. The
// first one is read back, for what a service echoes it need not have kept.
func (t *Target) keepsManager(ctx context.Context, x *upload.Write, after *upload.Resource, named *finding) bool {
	if x.Manager == nil || named.fails() {
		return false
	}
	if named.works() {
		return after.Name == "" || after.Manager == *x.Manager
	}
	full, err := t.fetch(context.WithoutCancel(ctx), x.Kind, t.pathID(after), t.shapeOf(x.Kind), nil)
	if err != nil {
		return false
	}
	named.settle(full.Manager == *x.Manager)
	return full.Manager == *x.Manager
}

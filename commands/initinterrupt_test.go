package commands

import (
	"context"
	"slices"
	"strings"
	"testing"

	"adsync/commands/ask"
	"adsync/upload/scimtest"
)

// interrupting is Ctrl-C at one question.
type interrupting struct {
	ask.Asker
	left  int
	asked []string
}

func (i *interrupting) now(q ask.Question) bool {
	i.left--
	i.asked = append(i.asked, q.Key)
	return i.left < 0
}

func (i *interrupting) Text(ctx context.Context, q ask.Question) (string, error) {
	if i.now(q) {
		return "", ask.ErrInterrupted
	}
	return i.Asker.Text(ctx, q)
}

func (i *interrupting) Secret(ctx context.Context, q ask.Question) (string, error) {
	if i.now(q) {
		return "", ask.ErrInterrupted
	}
	return i.Asker.Secret(ctx, q)
}

func (i *interrupting) Confirm(ctx context.Context, q ask.Question) (bool, error) {
	if i.now(q) {
		return false, ask.ErrInterrupted
	}
	return i.Asker.Confirm(ctx, q)
}

func (i *interrupting) Choose(ctx context.Context, q ask.Question, o []ask.Option) (int, error) {
	if i.now(q) {
		return -1, ask.ErrInterrupted
	}
	return i.Asker.Choose(ctx, q, o)
}

func (i *interrupting) ChooseMany(ctx context.Context, q ask.Question, o []ask.Option) ([]int, error) {
	if i.now(q) {
		return nil, ask.ErrInterrupted
	}
	return i.Asker.ChooseMany(ctx, q, o)
}

// Ctrl-C at any question of some ways through the wizard leaves every file as
// it was; the questions are those that were asked.
func TestCtrlCAtAnyQuestionOfInitLeavesThingsAsTheyWere(t *testing.T) {
	groups := "OU=Groups," + demoSuffix
	client := scimtest.Auth{OAuth2: &scimtest.OAuth2{ClientID: "adsync", ClientSecret: "s3cret"}}
	for _, row := range []struct {
		name      string
		begin     func(t *testing.T) *setUp
		answers   func(s *setUp) map[string]string
		questions string
	}{
		{"a first set-up", corp, func(s *setUp) map[string]string { return s.answers("groups", "yes") },
			"source-url reach ca-file bind-method bind-user password source-id scope groups group-scope another target-url target-auth token profile run-as write"},
		{"with everything going wrong at first", corp, func(s *setUp) map[string]string {
			return s.answers("password", "wrong", "sign-in", "password", "password#2", demoPassword, "token", "wrong", "service", "secret", "token#2", s.service.Token(),
				"scope#1", "ous", "user-base#1", "OU=Leavers,"+demoSuffix, "user-base#2", "take", "user-base#3", "done", "empty", "scope", "scope#2", "groups",
				"member-of", "CN=Team Sales,"+groups, "write#1", "change", "change#1", "done", "write#2", "try", "write#3", "write")
		}, "source-url reach ca-file bind-method bind-user password sign-in password source-id scope user-base user-base user-base empty scope member-of groups " +
			"another target-url target-auth token service token profile run-as write change write write"},
		{"a client of OAuth 2.0", func(t *testing.T) *setUp { return lockedService(t, scimtest.Options{Auth: client}) }, func(s *setUp) map[string]string {
			return s.fileAnswers("target-auth", "oauth2", "token-url", s.service.TokenURL(), "client-id", "adsync", "client-scope", "", "client-secret", "s3cret")
		}, "source-url source-type source-id scope groups another target-url target-auth token-url client-id client-scope client-secret profile run-as write"},
		{"editing", func(t *testing.T) *setUp {
			s := corp(t)
			s.ok(s.init(s.answers()))
			return s
		}, func(s *setUp) map[string]string {
			return map[string]string{"change#1": "source:corp", "password": "", "scope": "groups", "member-of": "CN=Team Sales," + groups,
				"change#2": "token", "token": s.service.Token(), "change#3": "target", "token#2": "", "change#4": "remove:corp", "sure": "no", "change#5": "done", "write": "write", "run-as": "hand"}
		}, "change source-url bind-method bind-user password scope member-of groups change token change target-url target-auth token profile change sure change run-as write"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := row.begin(t)
			before := s.contents()
			for n := 0; ; n++ {
				var asker *interrupting
				r := s.init(row.answers(s), func(o *initOptions) {
					asker = &interrupting{Asker: o.Asker, left: n}
					o.Asker = asker
				})
				if r.err == nil {
					if got := strings.Join(asker.asked, " "); got != row.questions {
						t.Errorf("asked\n%s\nwant\n%s", got, row.questions)
					}
					return
				}
				at := asker.asked[len(asker.asked)-1]
				if r.code != ExitInterrupted || r.err.Error() != "interrupted; nothing was written" {
					t.Fatalf("at %s: exit %d: %v\n%s", at, r.code, r.err, r.stderr)
				}
				if got := s.contents(); !slices.Equal(got, before) {
					t.Fatalf("at %s: files\n%s\nwant\n%s", at, got, before)
				}
			}
		})
	}
}

// contents are the files of the folder with what is in them.
func (s *setUp) contents() []string {
	var list []string
	for _, name := range s.files() {
		list = append(list, name+": "+s.read(name))
	}
	return list
}

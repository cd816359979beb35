package commands

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"adsync/upload"
)

// sourceResult is how the reading of one source ended.
type sourceResult struct {
	Type      string `json:"type"` // "source"
	ID        string `json:"id"`
	Complete  bool   `json:"complete"`
	Users     int    `json:"users"`
	Groups    int    `json:"groups"`
	Computers int    `json:"computers"`
	Skipped   int    `json:"skipped"`
	Reason    string `json:"reason"`
	Hint      string `json:"hint,omitempty"`
}

// summary are the counts of a run: of what was applied, or of what would be
// in a dry run.
type summary struct {
	Type           string  `json:"type"` // "summary"
	DryRun         bool    `json:"dry_run"`
	Created        int     `json:"created"`
	Updated        int     `json:"updated"`
	Reactivated    int     `json:"reactivated"`
	Deactivated    int     `json:"deactivated"`
	Deleted        int     `json:"deleted"`
	MembersAdded   int     `json:"members_added"`
	MembersRemoved int     `json:"members_removed"`
	Adopted        int     `json:"adopted"`
	Released       int     `json:"released"`
	Withheld       int     `json:"withheld"`
	Failed         int     `json:"failed"`
	Quarantined    int     `json:"quarantined"`
	Digest         string  `json:"digest"`
	Seconds        float64 `json:"seconds"`
	Exit           int     `json:"exit"`

	sources []sourceResult
}

// count counts the changes that are in the state that this run is about. A
// change of several members counts each of them among the members, and once
// among what is withheld or failed.
func (s *summary) count(plan *upload.Plan) {
	done := upload.Applied
	if s.DryRun {
		done = upload.Planned
	}
	for i := range plan.Changes {
		c := &plan.Changes[i]
		switch c.State {
		case upload.Withheld:
			s.Withheld++
		case upload.Failed:
			s.Failed++
		case done:
			s.add(c)
		}
	}
	s.Quarantined = len(plan.Quarantined)
}

func (s *summary) add(c *upload.Change) {
	switch c.Verb {
	case upload.Create:
		s.Created++
	case upload.Adopt:
		s.Adopted++
	case upload.Release:
		s.Released++
	case upload.Update:
		s.Updated++
	case upload.Reactivate:
		s.Reactivated++
	case upload.Deactivate:
		s.Deactivated++
	case upload.Delete:
		s.Deleted++
	case upload.AddMembers:
		s.MembersAdded += len(c.Members)
	case upload.RemoveMembers:
		s.MembersRemoved += len(c.Members)
	}
}

// pending reports whether a plan has anything to do.
func (s *summary) pending() bool {
	return s.Created+s.Adopted+s.Released+s.Updated+s.Reactivated+s.Deactivated+s.Deleted+
		s.MembersAdded+s.MembersRemoved+s.Withheld > 0
}

// line is the summary as the last line of a run.
func (s *summary) line(took time.Duration) string {
	var read []string
	for _, r := range s.sources {
		if !r.Complete {
			read = append(read, r.ID+": not read completely")
			continue
		}
		text := fmt.Sprintf("%s: %s users, %s groups", r.ID, thousands(r.Users), thousands(r.Groups))
		if r.Computers > 0 {
			text += ", " + thousands(r.Computers) + " computers"
		}
		read = append(read, text+" read")
	}
	if len(read) == 0 {
		return fmt.Sprintf("%s in %s", s.does(), seconds(took))
	}
	return fmt.Sprintf("%s; %s in %s", strings.Join(read, "; "), s.does(), seconds(took))
}

// does is the counts of a summary in words.
func (s *summary) does() string {
	var done []string
	always := func(n int, what string) { done = append(done, thousands(n)+" "+what) }
	some := func(n int, what string) {
		if n > 0 {
			always(n, what)
		}
	}
	always(s.Created, "created")
	some(s.Adopted, "adopted")
	some(s.Released, "released")
	always(s.Updated, "updated")
	some(s.Reactivated, "reactivated")
	always(s.Deactivated, "deactivated")
	some(s.Deleted, "deleted")
	some(s.MembersAdded, "members added")
	some(s.MembersRemoved, "members removed")
	always(s.Withheld, "withheld")
	always(s.Failed, "failed")
	some(s.Quarantined, "quarantined")
	dry := ""
	if s.DryRun {
		dry = "dry run: "
	}
	return dry + strings.Join(done, ", ")
}

func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "s"
}

// thousands groups the digits of a count.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

package commands

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const goldenMetrics = `# HELP adsync_build_info The program that ran last.
# TYPE adsync_build_info gauge
adsync_build_info{target="https://scim.example.com/v2",version="v1.2.3"} 1
# HELP adsync_last_run_timestamp_seconds When the last run ended.
# TYPE adsync_last_run_timestamp_seconds gauge
adsync_last_run_timestamp_seconds{target="https://scim.example.com/v2"} 1772337612.5
# HELP adsync_last_success_timestamp_seconds When the last run ended that did all there was to do; 0 for never.
# TYPE adsync_last_success_timestamp_seconds gauge
adsync_last_success_timestamp_seconds{target="https://scim.example.com/v2"} 1772337612.5
# HELP adsync_last_run_duration_seconds How long the last run took.
# TYPE adsync_last_run_duration_seconds gauge
adsync_last_run_duration_seconds{target="https://scim.example.com/v2"} 4.2
# HELP adsync_last_run_exit_code The exit code of the last run; 0 is success.
# TYPE adsync_last_run_exit_code gauge
adsync_last_run_exit_code{target="https://scim.example.com/v2"} 3
# HELP adsync_last_run_changes Changes that the last run made.
# TYPE adsync_last_run_changes gauge
adsync_last_run_changes{target="https://scim.example.com/v2",change="created"} 3
adsync_last_run_changes{target="https://scim.example.com/v2",change="adopted"} 0
adsync_last_run_changes{target="https://scim.example.com/v2",change="released"} 0
adsync_last_run_changes{target="https://scim.example.com/v2",change="updated"} 12
adsync_last_run_changes{target="https://scim.example.com/v2",change="reactivated"} 0
adsync_last_run_changes{target="https://scim.example.com/v2",change="deactivated"} 1
adsync_last_run_changes{target="https://scim.example.com/v2",change="deleted"} 0
adsync_last_run_changes{target="https://scim.example.com/v2",change="members_added"} 4
adsync_last_run_changes{target="https://scim.example.com/v2",change="members_removed"} 0
# HELP adsync_last_run_withheld Removals that wait for approval.
# TYPE adsync_last_run_withheld gauge
adsync_last_run_withheld{target="https://scim.example.com/v2"} 0
# HELP adsync_last_run_failed Changes that failed.
# TYPE adsync_last_run_failed gauge
adsync_last_run_failed{target="https://scim.example.com/v2"} 0
# HELP adsync_last_run_quarantined Entries left out because they cannot be right.
# TYPE adsync_last_run_quarantined gauge
adsync_last_run_quarantined{target="https://scim.example.com/v2"} 2
# HELP adsync_owned_active_users Active users that were ours when the last run began.
# TYPE adsync_owned_active_users gauge
adsync_owned_active_users{target="https://scim.example.com/v2"} 5010
# HELP adsync_owned_groups Groups that were ours when the last run began.
# TYPE adsync_owned_groups gauge
adsync_owned_groups{target="https://scim.example.com/v2"} 214
# HELP adsync_owned_memberships Memberships of groups that were ours when the last run began.
# TYPE adsync_owned_memberships gauge
adsync_owned_memberships{target="https://scim.example.com/v2"} 31007
# HELP adsync_source_complete 1 when the source was read to the end, else 0.
# TYPE adsync_source_complete gauge
adsync_source_complete{target="https://scim.example.com/v2",source="corp"} 1
adsync_source_complete{target="https://scim.example.com/v2",source="lab"} 0
# HELP adsync_source_users Users in scope.
# TYPE adsync_source_users gauge
adsync_source_users{target="https://scim.example.com/v2",source="corp"} 5012
adsync_source_users{target="https://scim.example.com/v2",source="lab"} 0
# HELP adsync_source_groups Groups in scope.
# TYPE adsync_source_groups gauge
adsync_source_groups{target="https://scim.example.com/v2",source="corp"} 214
adsync_source_groups{target="https://scim.example.com/v2",source="lab"} 0
# HELP adsync_source_computers Computers in scope.
# TYPE adsync_source_computers gauge
adsync_source_computers{target="https://scim.example.com/v2",source="corp"} 0
adsync_source_computers{target="https://scim.example.com/v2",source="lab"} 0
# HELP adsync_source_skipped Entries left out: built-ins, conflict objects and the like.
# TYPE adsync_source_skipped gauge
adsync_source_skipped{target="https://scim.example.com/v2",source="corp"} 3
adsync_source_skipped{target="https://scim.example.com/v2",source="lab"} 0
`

func TestMetricsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "adsync.prom")
	e := &endReport{
		Program: "v1.2.3", Target: "https://scim.example.com/v2", Exit: ExitPartial, finished: true,
		ended: time.UnixMilli(1772337612500), owned: [3]int{5010, 214, 31007},
		Summary: summary{Created: 3, Updated: 12, Deactivated: 1, MembersAdded: 4, Quarantined: 2, Seconds: 4.2},
		Sources: []sourceResult{{ID: "corp", Complete: true, Users: 5012, Groups: 214, Skipped: 3}, {ID: "lab"}},
	}
	read := func() string {
		t.Helper()
		if err := writeMetrics(path, e); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if got := read(); got != goldenMetrics {
		t.Errorf("the file says:\n%s\nwant:\n%s", got, goldenMetrics)
	}
	// A failed run keeps the time of the last that succeeded.
	e.Exit, e.ended, e.finished = ExitTarget, e.ended.Add(time.Hour), false
	got := read()
	for _, want := range []string{
		`adsync_last_success_timestamp_seconds{target="https://scim.example.com/v2"} 1772337612.5` + "\n",
		`adsync_last_run_timestamp_seconds{target="https://scim.example.com/v2"} 1772341212.5` + "\n",
		`adsync_last_run_exit_code{target="https://scim.example.com/v2"} 11` + "\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the file lacks %s:\n%s", want, got)
		}
	}
	if got := label("a\\b\"c\n"); got != `"a\\b\"c\n"` {
		t.Errorf("label %s", got)
	}
}

package commands

import (
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
)

// What a task of SYSTEM leaves in a folder is not for every user, as it would
// be below %ProgramData%.
func TestAFolderIsClosedToOthers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "adsync")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	list, err := accessList(systemAccount, true)
	if err != nil || !strings.HasPrefix(list, "D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;S-1-5-21-") {
		t.Errorf("%s, %v", list, err)
	}
	if err := restrict(dir, systemAccount); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "last-run.json"), nil, 0o600); err != nil {
		t.Error(err)
	}
}

func TestTheAccountOfATaskReadsFilesAndWritesInTheFolder(t *testing.T) {
	me := os.Getenv("USERNAME")
	for _, row := range []struct {
		folder bool
		want   string
	}{{false, "(A;;FR;;;S-1-5-21-"}, {true, "(A;OICI;0x1301bf;;;S-1-5-21-"}} {
		if list, err := accessList(me, row.folder); err != nil || !strings.Contains(list, row.want) {
			t.Errorf("%s, %v", list, err)
		}
	}
	if _, err := accessList("nobody-of-that-name", false); err == nil || !strings.Contains(err.Error(), `"nobody-of-that-name"`) {
		t.Errorf("an account that is not there: %v", err)
	}
}

// An edit that says nothing of the account leaves it able to read the file.
func TestAnEditLeavesTheAccessListThatItFinds(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	s := corp(t)
	list := func() string {
		descriptor, err := windows.GetNamedSecurityInfo(s.config(), windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
		if err != nil {
			t.Fatal(err)
		}
		return descriptor.String()
	}
	s.ok(s.init(nil, s.allFlags(), func(o *initOptions) { o.Kind, o.RunAs = scheduledTask, me.Username }))
	before := list()
	s.ok(s.init(nil, flags("profile", "okta"), func(o *initOptions) { o.Kind = scheduledTask }))
	if got := list(); got != before {
		t.Errorf("the access list was %s and is %s", before, got)
	}
}

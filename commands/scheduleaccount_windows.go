package commands

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/windows"
)

// account is not used on Windows, where access lists decide.
type account struct{}

var stranger account

func accountOf(string) (account, error) {
	return account{}, errors.New("files are not given away here")
}
func (account) own(string) error        { return nil }
func (account) blockedAt(string) string { return "" }

// restrict lets only SYSTEM, administrators, this account and the one of the
// task read a file.
func restrict(path, name string) error {
	token := windows.GetCurrentProcessToken()
	me, err := token.GetTokenUser()
	if err != nil {
		return err
	}
	list := "D:PAI(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;" + me.User.Sid.String() + ")"
	if !strings.EqualFold(name, systemAccount) {
		sid, _, _, err := windows.LookupSID("", name)
		if err != nil {
			return fmt.Errorf("look up the account %q: %w", name, err)
		}
		list += "(A;;FR;;;" + sid.String() + ")"
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil // others' files may be in it
	}
	descriptor, err := windows.SecurityDescriptorFromString(list)
	if err != nil {
		return err
	}
	acl, _, err := descriptor.DACL()
	if err != nil {
		return err
	}
	return windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, acl, nil)
}

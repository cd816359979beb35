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
// task read a file. In a folder that account may also write: the lock, the last
// run and the undo files, which name people, are there.
func restrict(path, name string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	list, err := accessList(name, info.IsDir())
	if err != nil {
		return err
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

// accessList is the list of a file, or of a folder and all that will be in it,
// for the account of the task, in the language of security descriptors.
func accessList(name string, folder bool) (string, error) {
	me, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return "", err
	}
	inherited, rights := "", "FR"
	if folder {
		inherited, rights = "OICI", modify
	}
	allow := func(rights, who string) string { return "(A;" + inherited + ";" + rights + ";;;" + who + ")" }
	list := "D:PAI" + allow("FA", "SY") + allow("FA", "BA") + allow("FA", me.User.Sid.String())
	if strings.EqualFold(name, systemAccount) {
		return list, nil
	}
	account, _, _, err := windows.LookupSID("", name)
	if err != nil {
		return "", fmt.Errorf("look up the account %q: %w", name, err)
	}
	return list + allow(rights, account.String()), nil
}

// modify is what Windows calls by this name: read, write, start and delete, but
// neither the access list nor what others have in the folder.
const modify = "0x1301bf"

package config

import (
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

// SameAccess gives a file the access list of another one, and nothing that it
// would inherit from its folder.
func SameAccess(path, as string) error {
	descriptor, err := windows.GetNamedSecurityInfo(as, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return fmt.Errorf("read the access list of %s: %w", as, err)
	}
	list, _, err := descriptor.DACL()
	if err != nil {
		return fmt.Errorf("read the access list of %s: %w", as, err)
	}
	err = windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, list, nil)
	if err != nil {
		return fmt.Errorf("set the access list of %s: %w", path, err)
	}
	return nil
}

// openToOthers looks at nothing on Windows, where a file has an access list
// that it inherits from its folder.
func openToOthers(string) string { return "" }

// readableByOthers looks at nothing on Windows, where the mode is made up.
func readableByOthers(os.FileInfo) bool { return false }

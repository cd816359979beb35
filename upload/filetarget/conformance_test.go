package filetarget_test

import (
	"testing"

	"adsync/upload"
	"adsync/upload/filetarget"
	"adsync/upload/scim"
	"adsync/upload/targettest"
)

func TestAFolderPassesTheSuite(t *testing.T) {
	targettest.Run(t, func(t *testing.T) targettest.Fixture {
		dir := t.TempDir()
		return targettest.Fixture{Connect: func(t *testing.T) upload.Target {
			target, err := filetarget.New(dir, scim.Config{}, scim.Env{})
			if err != nil {
				t.Fatal(err)
			}
			return target
		}}
	})
}

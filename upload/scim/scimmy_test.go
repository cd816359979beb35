package scim_test

import (
	"testing"

	"adsync/upload"
	"adsync/upload/scim"
	"adsync/upload/scimtest/servers"
	"adsync/upload/targettest"
)

func TestSCIMMYPassesTheSuite(t *testing.T) {
	for _, row := range []struct {
		name string
		env  []string
	}{
		{"as it comes", nil},
		{"without PATCH", []string{"SCIMMY_NO_PATCH=1"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			url, token, _ := servers.Scimmy(t, row.env...)
			targettest.Run(t, func(t *testing.T) targettest.Fixture {
				return targettest.Fixture{Tag: tag(), Lasting: true, Connect: func(t *testing.T) upload.Target {
					target, err := scim.New(scim.Config{URL: url, Auth: scim.Auth{Bearer: scim.Secret(token)}}, scim.Env{})
					if err != nil {
						t.Fatal(err)
					}
					return target
				}}
			})
		})
	}
}

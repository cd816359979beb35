package upload_test

import (
	"strings"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

func TestDevicesThatCannotBeSwitchedOffStay(t *testing.T) {
	rules, err := upload.CompileRules(upload.Device, map[string][]string{"displayName": {"cn"}})
	if err != nil {
		t.Fatal(err)
	}
	mapping := *testMapping
	mapping.Device = rules
	for _, test := range []struct {
		name       string
		static     bool
		want, warn string
	}{
		{"devices have an active attribute", false,
			"deactivate device pc1 (disabled in the directory)\ndeactivate device pc2 (no longer in the directory or out of scope)\n", ""},
		{"they have none", true, "",
			"the service cannot deactivate devices: 2 that are disabled or gone stay as they are; policy.user_gone: delete would remove those that are gone"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld()
			w.caps.Devices, w.caps.StaticDevices = true, test.static
			in := w.input()
			device := func(name string) directory.Anchor {
				in.State.Devices = append(in.State.Devices, upload.Resource{
					Kind: upload.Device, ID: name, ExternalID: in.Mark.ExternalID("corp", anchorOf(name)), Name: name, Active: true,
					Attributes: attributesOf(upload.Attribute{Path: "displayName", Values: []string{name}}),
				})
				return anchorOf(name)
			}
			computer := directory.Computer{Anchor: device("pc1"), Login: "pc1", Inactive: "disabled in the directory", Attributes: directory.AttributesOf(map[string][]string{"cn": {"pc1"}})}
			device("pc2")
			in.Sources[0].Reading = directory.Complete("corp", &directory.Snapshot{Computers: []directory.Computer{computer}})
			in.Sources[0].Devices, in.Sources[0].Mapping = true, &mapping
			plan := upload.Diff(in)
			if got := lines(plan); got != test.want {
				t.Errorf("plan:\n%s\nwant:\n%s", got, test.want)
			}
			if got := strings.Join(plan.Warnings, "\n"); got != test.warn {
				t.Errorf("warnings:\n%s\nwant:\n%s", got, test.warn)
			}
		})
	}
}

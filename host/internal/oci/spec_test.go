package oci

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/vclusterctl/vclusterctl/test/golden"
)

func TestBuild(t *testing.T) {
	base := Params{
		Hostname:     "host-0",
		RootPath:     "/run/vclusterctl/host/root",
		NetNSPath:    "/run/netns/vclusterctl-host",
		CgroupsPath:  "/vclusterctl-host",
		StateDir:     "/var/lib/vclusterctl/host/state",
		StateTarget:  "/var/lib/vcluster",
		ConfigDir:    "/var/lib/vclusterctl/host/config",
		ConfigTarget: "/etc/vcluster",
		Capabilities: []string{"CAP_NET_ADMIN", "CAP_SYS_ADMIN"},
	}
	everything := base
	everything.ModulesDir = "/lib/modules"
	everything.OpenFiles = 1 << 20
	everything.Devices = []Device{
		{Path: "/dev/fuse", Major: 10, Minor: 229, Mode: 0o666},
		{Path: "/dev/kmsg", Major: 1, Minor: 11, Mode: 0o400, ReadOnly: true},
	}
	cases := map[string]struct {
		reason string
		params Params
	}{
		"Minimal":    {reason: "A machine without modules, devices and permission to raise limits.", params: base},
		"Everything": {reason: "Modules, devices and limits are handed in where the machine has them.", params: everything},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := json.MarshalIndent(Build(tc.params), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden.Check(t, filepath.Join("testdata", name+".json"), tc.reason, append(got, '\n'))
		})
	}
}

package oci

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

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
			if diff := cmp.Diff(golden(t, name+".json", got), string(got)+"\n"); diff != "" {
				t.Errorf("\n%s\nBuild(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// golden returns the recorded file, after writing it when asked to.
func golden(t *testing.T, name string, got []byte) string {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(want)
}

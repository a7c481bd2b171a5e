package nodefs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Units that run pods are to be restarted without them, and those that tell when
// they are ready are waited for.
func TestUnits(t *testing.T) {
	cases := map[string]struct {
		reason string
		want   map[string]string
	}{
		"k3s": {
			reason: "The semantics of K3s's own unit, at whatever speed it starts.",
			want: map[string]string{
				"Type": "notify", "Delegate": "yes", "KillMode": "process", "TimeoutStartSec": "0", "Restart": "always",
				"Environment": "CATTLE_NEW_SIGNED_CERT_EXPIRATION_DAYS=3650", // as long as the CAs of a cluster
			},
		},
		"k3s-agent": {
			reason: "An agent is no different.",
			want:   map[string]string{"Type": "notify", "Delegate": "yes", "KillMode": "process", "TimeoutStartSec": "0", "Restart": "always"},
		},
		"containerd": {
			reason: "Containers live on while it is away, in cgroups that systemd leaves alone.",
			want:   map[string]string{"Type": "notify", "Delegate": "yes", "KillMode": "process", "Restart": "always"},
		},
		"kubelet": {
			reason: "So do mounts that it made.",
			want:   map[string]string{"Type": "notify", "Delegate": "yes", "KillMode": "process", "Restart": "always"},
		},
		"etcd": {
			reason: "What needs the datastore starts when it takes writes.",
			want:   map[string]string{"Type": "notify", "Restart": "always"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := service(t, name)
			for directive, want := range tc.want {
				if got[directive] != want {
					t.Errorf("%s\n%s=%q, want %q", tc.reason, directive, got[directive], want)
				}
			}
		})
	}
}

// service reads the section Service of a unit. Of two equal directives the later
// one counts.
func service(t *testing.T, name string) map[string]string {
	t.Helper()
	const units = "files/etc/systemd/system"
	if found, err := filepath.Glob(filepath.Join(units, name+".service.d", "*.conf")); err != nil || len(found) > 0 {
		t.Fatalf("drop-ins change what the unit says, and this test does not read them: %v, %v", found, err)
	}
	content, err := os.ReadFile(filepath.Join(units, name+".service"))
	if err != nil {
		t.Fatal(err)
	}
	section, directives := "", map[string]string{}
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = line
			continue
		}
		if key, value, ok := strings.Cut(line, "="); ok && section == "[Service]" {
			directives[key] = value
		}
	}
	return directives
}

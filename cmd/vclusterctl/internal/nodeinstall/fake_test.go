package nodeinstall

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/runtime/nodesetup"
)

func (m *machine) runContainerd(ctx context.Context, args ...string) error {
	return exec.CommandContext(ctx, m.program, args...).Run()
}

// dead is a container runtime that no restart brings back.
type dead struct{ restarts int }

func (d *dead) Active(_ context.Context, units []string) (string, error) { return units[0], nil }

func (d *dead) Restart(context.Context, string) error {
	d.restarts++
	return errors.New("exit status 1")
}

func (d *dead) Status(context.Context) (Status, error) {
	if d.restarts > 0 {
		return Status{}, errors.New("connection refused")
	}
	return Status{Ready: true}, nil
}

// The worst is said as such, with where to look, and the old files are there.
func TestWorst(t *testing.T) {
	root := t.TempDir()
	d := &dead{}
	i := &Installer{Files: Files{Root: root}, Services: d, CRI: d, After: time.After, Timeout: time.Second, Say: t.Logf}
	plan := nodesetup.Plan{Handler: "x", Units: []string{"containerd"}, Files: []nodesetup.File{
		{Path: "/etc/x.toml", Role: nodesetup.RoleConfig, Mode: 0o644, Data: []byte("new")},
	}}
	outcome, err := i.Install(t.Context(), plan)
	if leftAsBefore(outcome, err) {
		t.Errorf("a node without a container runtime is said to be as before: %v", err)
	}
	if !errors.Is(err, ErrDown) || !strings.Contains(err.Error(), "journalctl -u containerd") || d.restarts != 2 {
		t.Errorf("after %d restarts: %v", d.restarts, err)
	}
	if _, err := os.Stat(filepath.Join(root, "etc/x.toml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the new file stays: %v", err)
	}
	if _, err := i.Install(t.Context(), plan); err == nil || !strings.Contains(err.Error(), "nothing is changed") {
		t.Errorf("a node whose runtime is down is changed: %v", err)
	}
}

func TestFilesWrite(t *testing.T) {
	root := t.TempDir()
	f := Files{Root: root}
	if err := f.write("/etc/real.toml", 0o600, []byte("old")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real.toml", filepath.Join(root, "etc/link.toml")); err != nil {
		t.Fatal(err)
	}
	plan := nodesetup.Plan{Files: []nodesetup.File{{Path: "/etc/link.toml", Mode: 0o644, Data: []byte("new")}}}
	changes, err := f.changes(plan)
	if err != nil || len(changes) != 1 {
		t.Fatalf("%+v, %v", changes, err)
	}
	if err := f.do(changes[0]); err != nil {
		t.Fatal(err)
	}
	if data, _, err := f.read("/etc/real.toml"); string(data) != "new" || err != nil {
		t.Errorf("what the link leads to is %q, %v", data, err)
	}
	info, err := os.Stat(filepath.Join(root, "etc/real.toml"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the mode of what was there is %v, %v", info.Mode(), err)
	}
	if err := f.restore(changes[0].before); err != nil {
		t.Fatal(err)
	}
	if data, _, err := f.read("/etc/link.toml"); string(data) != "old" || err != nil {
		t.Errorf("restored: %q, %v", data, err)
	}
	entries, err := os.ReadDir(filepath.Join(root, "etc"))
	if err != nil || len(entries) != 2 {
		t.Errorf("temporary files stay: %v, %v", entries, err)
	}
}

func TestKind(t *testing.T) {
	k3s := []string{"/run/k3s/containerd/containerd.sock", "/var/lib/rancher/k3s/agent/etc/containerd/config.toml"}
	cases := map[string]struct {
		reason string
		files  []string
		want   nodesetup.Kind
	}{
		"K3s":        {"Docker may be there, too.", append([]string{"/run/containerd/containerd.sock"}, k3s...), nodesetup.K3s},
		"RKE2":       {"It has the socket of K3s.", []string{k3s[0], "/var/lib/rancher/rke2/agent/etc/containerd/config.toml"}, nodesetup.RKE2},
		"OnceK3s":    {"What is left of K3s does not run.", []string{k3s[1], "/run/containerd/containerd.sock"}, nodesetup.Containerd},
		"CRIO":       {"CRI-O.", []string{"/var/run/crio/crio.sock"}, nodesetup.CRIO},
		"Containerd": {"It may have no configuration.", []string{"/run/containerd/containerd.sock"}, nodesetup.Containerd},
		"Embedded":   {"Our own host.", []string{"/run/containerd/containerd.sock", "/run/vcluster/containerd.toml"}, nodesetup.Embedded},
		"None":       {"Nothing runs.", nil, ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := Files{Root: t.TempDir()}
			for _, p := range tc.files {
				if err := f.write(p, 0o600, nil); err != nil {
					t.Fatal(err)
				}
			}
			got, err := f.Kind()
			if got != tc.want || (err == nil) != (tc.want != "") {
				t.Errorf("%s got %q, %v", tc.reason, got, err)
			}
		})
	}
}

func TestGather(t *testing.T) {
	f := Files{Root: t.TempDir()}
	dir := "/var/lib/rancher/k3s/agent/etc/containerd/"
	for path, data := range map[string]string{
		dir + "config.toml":                "version = 3\nimports = [\"config-v3.toml.d/*.toml\"]\n",
		dir + "config-v3.toml.d/mine.toml": "version = 3\n",
		dir + "config-v3.toml.d/mine.bak":  "",
		dir + "config.toml.tmpl":           "old",
	} {
		if err := f.write(path, 0o600, []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	n, err := f.Gather(nodesetup.K3s)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, text := range append(append([]nodesetup.Text{*n.Config}, n.Imported...), n.Templates...) {
		got = append(got, strings.TrimPrefix(text.Path, dir))
	}
	if diff := cmp.Diff([]string{"config.toml", "config-v3.toml.d/mine.toml", "config.toml.tmpl"}, got); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	n, err = Files{Root: t.TempDir()}.Gather(nodesetup.Containerd)
	if err != nil || n.Config == nil || len(n.Config.Data) != 0 {
		t.Errorf("a node without a configuration: %+v, %v", n, err)
	}
}

// systemctl plays systemd.
type systemctl struct {
	states map[string]string
	fail   string
	said   []string
}

func (s *systemctl) run(_ context.Context, _ string, args ...string) (string, error) {
	s.said = append(s.said, strings.Join(args, " "))
	if args[0] == s.fail {
		return "", errors.New("no")
	}
	return s.states[args[len(args)-1]] + "\n", nil
}

func TestSystemd(t *testing.T) {
	cases := map[string]struct {
		reason string
		states map[string]string
		want   string
	}{
		"Runs":   {"The one that runs.", map[string]string{"k3s": "inactive", "k3s-agent": "active"}, "k3s-agent"},
		"Failed": {"What a cut-off run has left can be started again.", map[string]string{"k3s": "failed"}, "k3s"},
		"None":   {"Neither is there.", map[string]string{"k3s": "inactive", "k3s-agent": "inactive"}, ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := &systemctl{states: tc.states}
			got, err := Systemd{Run: s.run}.Active(t.Context(), []string{"k3s", "k3s-agent"})
			if got != tc.want || (err == nil) != (tc.want != "") {
				t.Errorf("%s got %q, %v", tc.reason, got, err)
			}
		})
	}
	s := &systemctl{fail: "restart"}
	if err := (Systemd{Run: s.run}).Restart(t.Context(), "k3s"); err == nil {
		t.Error("a failed restart is none")
	}
	if diff := cmp.Diff([]string{"reset-failed k3s", "restart k3s"}, s.said); diff != "" {
		t.Error(diff)
	}
}

package nodesetup

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/test/testbin"
)

// TestContainerdReadsIt shows every plan to the real containerd: it has the
// handler afterwards, with its settings, and everything else as before.
func TestContainerdReadsIt(t *testing.T) {
	program := testbin.Path(t, "containerd")
	for name, tc := range matrix {
		if tc.kind == CRIO {
			continue // it is not for containerd
		}
		t.Run(name, func(t *testing.T) {
			p, n := tc.node(t)
			plan, err := Make(p, n)
			if err != nil {
				t.Fatal(err)
			}
			before, got := dump(t, program, n), dump(t, program, after(n, plan))
			handler := runtimes(got)[plan.Handler]
			want := wanted(t, p, plan.Handler)
			if differ := differences(want, table(handler), ""); len(differ) > 0 {
				t.Errorf("containerd does not have the handler as it should be: %v in %v", differ, handler)
			}
			if n.NoUnprivilegedPorts {
				return // it changes a setting for all pods, on purpose
			}
			if plan.Present == "" {
				delete(runtimes(got), plan.Handler)
			}
			if diff := cmp.Diff(before, got); diff != "" {
				t.Errorf("something else has changed: -before, +after:\n%s", diff)
			}
		})
	}
}

// The folder that containerd calls its default is read only where the
// configuration says so, or an installation would have no effect.
func TestContainerdNeedsImports(t *testing.T) {
	program := testbin.Path(t, "containerd")
	if runtimes(dump(t, program, Node{Kind: Containerd, Config: &Text{Path: "/etc/containerd/config.toml", Data: []byte("version = 3\n")}, Imported: []Text{
		{Path: "/etc/containerd/conf.d/x.toml", Data: []byte("version = 3\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.x]\nruntime_type = 'y'\n")},
	}}))["x"] != nil {
		t.Error("containerd reads the folder, so Make need not add to the configuration")
	}
}

// dump is what containerd makes of a node's configuration.
func dump(t *testing.T, program string, n Node) map[string]any {
	t.Helper()
	root := t.TempDir()
	layout, err := LayoutOf(n.Kind)
	if err != nil {
		t.Fatal(err)
	}
	main := filepath.Join(root, layout.Config)
	for _, file := range n.Imported {
		put(t, filepath.Join(root, file.Path), file.Data)
	}
	put(t, main, bytes.ReplaceAll(render(t, layout, n), []byte(`"/etc/containerd/conf.d`), []byte(`"`+root+`/etc/containerd/conf.d`)))
	if n.Kind == K3s || n.Kind == Embedded {
		data, err := os.ReadFile(main)
		if err != nil {
			t.Fatal(err)
		}
		data = bytes.ReplaceAll(data, []byte(`"/var/lib/rancher/k3s/agent/etc`), []byte(`"`+root+`/var/lib/rancher/k3s/agent/etc`))
		if n.Kind == Embedded {
			data = bytes.Replace(data, []byte("version = 4\n"), []byte("version = 4\nimports = [\""+root+layout.DropIns+"/*.toml\"]\n"), 1)
			data = bytes.Replace(data, []byte("imports = [\""+root+"/etc/containerd/conf.d/*.toml\"]\n"), nil, 1)
		}
		put(t, main, data)
	}
	cmd := exec.Command(program, "--config", main, "config", "dump")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("containerd does not take it: %v\n%s", err, stderr.String())
	}
	var got map[string]any
	if err := toml.Unmarshal(bytes.ReplaceAll(out, []byte(root), nil), &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "imports")
	return got
}

// render is the configuration as containerd finds it: K3s's is made of its
// template at every start.
func render(t *testing.T, layout Layout, n Node) []byte {
	t.Helper()
	var own []byte
	if n.Config != nil {
		own = n.Config.Data
	}
	if n.Kind == Containerd && len(own) == 0 {
		return []byte("version = 3\n")
	}
	if layout.Templates == "" {
		return own
	}
	if n.Config == nil {
		own = base(t, "k3s.toml")
	}
	found := n.template(layout)
	if found == nil {
		return own
	}
	all := template.Must(template.New("user").Parse(string(found.Data)))
	template.Must(all.New("base").Parse(strings.ReplaceAll(string(own), "{{", "")))
	var out bytes.Buffer
	if err := all.Execute(&out, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func put(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func table(v any) map[string]any {
	t, _ := v.(map[string]any)
	return t
}

// runtimes are the handlers in what containerd prints, which is always of its
// newest format.
func runtimes(dumped map[string]any) map[string]any {
	return document{values: dumped}.table("plugins", pluginV3, "containerd", "runtimes")
}

// wanted are the handler's settings as the profile has them, without what can
// differ from node to node.
func wanted(t *testing.T, p profile.Profile, handler string) map[string]any {
	t.Helper()
	config, err := p.HostConfig(profile.HostOptions{ContainerdConfig: formatV3, Arch: "amd64"})
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.DeleteFunc(strings.Split(string(config.Containerd.Data), "\n"), func(l string) bool { return strings.Contains(l, "SystemdCgroup") })
	d, err := parse(Text{Path: "profile", Data: []byte(strings.Join(lines, "\n"))})
	if err != nil {
		t.Fatal(err)
	}
	return d.handler(handler)
}

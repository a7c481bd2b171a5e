package main

import (
	"os"
	"path/filepath"
	"testing"
)

// fakeParts writes the files that an image's key reads.
func fakeParts(t *testing.T) (options, parts) {
	t.Helper()
	root, own := t.TempDir(), t.TempDir()
	for _, path := range []string{
		filepath.Join(root, "go.sum"), filepath.Join(root, "images/images.go"),
		filepath.Join(root, "templates/nodefs/files/etc/unit"),
		filepath.Join(own, "guest"), filepath.Join(own, "pause"), filepath.Join(own, "vclusterctl"),
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(path[len(path)-3:]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	made := parts{rootfs: "rootfs/1", own: own, components: map[string]string{"etcd": "etcd-1"}}
	return options{root: root, dist: t.TempDir(), epoch: defaultEpoch}, made
}

func TestImageKey(t *testing.T) {
	type want struct{ node, controller bool } // the key changes
	cases := map[string]struct {
		reason string
		change func(o *options, p *parts) string // a file to change, or none
		want   want
	}{
		"Nothing":   {"equal inputs, equal key", func(*options, *parts) string { return "" }, want{}},
		"Guest":     {"the guest is in the node image only", func(_ *options, p *parts) string { return p.own + "/guest" }, want{node: true}},
		"Static":    {"so are its files", func(o *options, _ *parts) string { return o.root + "/templates/nodefs/files/etc/unit" }, want{node: true}},
		"Program":   {"the controller is not in it", func(_ *options, p *parts) string { return p.own + "/vclusterctl" }, want{controller: true}},
		"Assembler": {"the assembler makes both", func(o *options, _ *parts) string { return o.root + "/images/images.go" }, want{true, true}},
		"Component": {"components are parts", func(_ *options, p *parts) string { p.components["etcd"] = "etcd-2"; return "" }, want{true, true}},
		"K3s":       {"so is K3s", func(_ *options, p *parts) string { p.k3s = "k3s-1"; return "" }, want{node: true}},
		"Date":      {"the date is in every header", func(o *options, _ *parts) string { o.epoch++; return "" }, want{true, true}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			opts, made := fakeParts(t)
			before := keysOf(t, opts, made)
			if file := tc.change(&opts, &made); file != "" {
				if err := os.WriteFile(file, []byte("changed"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			after := keysOf(t, opts, made)
			got := want{before[targetNode] != after[targetNode], before[targetController] != after[targetController]}
			if got != tc.want {
				t.Errorf("%s: changed %+v, want %+v", tc.reason, got, tc.want)
			}
		})
	}
}

func keysOf(t *testing.T, opts options, made parts) map[string]string {
	t.Helper()
	keys := map[string]string{}
	for name := range makers {
		key, err := imageKey(opts, made, name)
		if err != nil {
			t.Fatalf("imageKey(%q): %v", name, err)
		}
		keys[name] = key
	}
	return keys
}

func TestIsCurrent(t *testing.T) {
	opts := options{dist: t.TempDir()}
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(opts.dist, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(".node.key", "k")
	write("node.tar", "")
	if isCurrent(opts, "node", "k") {
		t.Error("an image without its digest is not complete")
	}
	write("node.digest", "")
	if !isCurrent(opts, "node", "k") {
		t.Error("an image of the same inputs is current")
	}
	if isCurrent(opts, "node", "other") {
		t.Error("an image of other inputs is not current")
	}
}

package nodesetup

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/runtime/profile/profiletest"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

// show is a plan as golden files have it.
func show(plan Plan) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "runtime %s, handler %s, units %s, socket %s\n", plan.Runtime, plan.Handler, strings.Join(plan.Units, " "), plan.Socket)
	for key, value := range plan.Labels {
		fmt.Fprintf(&b, "label %s=%s\n", key, value)
	}
	if plan.Present != "" {
		fmt.Fprintf(&b, "present in %s\n", plan.Present)
	}
	for _, f := range plan.Files {
		fmt.Fprintf(&b, "\n==> %s %s %o shared=%t remove=%t\n", f.Role, f.Path, f.Mode, f.Shared, f.Remove)
		if f.Role == RoleSeccomp {
			fmt.Fprintf(&b, "(seccomp profile, %v)\n", len(f.Data) > 0)
			continue
		}
		b.Write(f.Data)
	}
	return b.Bytes()
}

func TestMake(t *testing.T) {
	for name, tc := range matrix {
		t.Run(name, func(t *testing.T) {
			p, n := tc.node(t)
			plan, err := Make(p, n)
			if err != nil {
				t.Fatalf("%s %v", tc.reason, err)
			}
			profiletest.Golden(t, "plans/"+name+".txt", show(plan))
			again, err := Make(p, after(n, plan))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(show(plan)), string(show(again))); diff != "" {
				t.Errorf("doing it again changes something: -first, +second:\n%s", diff)
			}
		})
	}
}

// What is undone is exactly what was there before.
func TestUndo(t *testing.T) {
	for name, tc := range matrix {
		t.Run(name, func(t *testing.T) {
			p, n := tc.node(t)
			plan, err := Make(p, n)
			if err != nil {
				t.Fatal(err)
			}
			undo, err := Undo(p, after(n, plan))
			if plan.Present != "" {
				if err == nil || !strings.Contains(err.Error(), plan.Present) {
					t.Fatalf("somebody else's handler is taken out: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range plan.Files {
				checkUndone(t, n, f, undo)
			}
		})
	}
}

// checkUndone compares one file to what was there before it was written.
func checkUndone(t *testing.T, before Node, f File, undo Plan) {
	t.Helper()
	i := slices.IndexFunc(undo.Files, func(u File) bool { return u.Path == f.Path })
	if i < 0 {
		t.Fatalf("%s stays", f.Path)
	}
	u := undo.Files[i]
	var old []byte
	for _, text := range append(slices.Clone(before.Templates), deref(before.Config)) {
		if text.Path == f.Path && len(text.Data) > 0 {
			old = text.Data
		}
	}
	if u.Remove != (old == nil) {
		t.Errorf("%s: removed is %t", f.Path, u.Remove)
	}
	if old != nil && sha256.Sum256(old) != sha256.Sum256(u.Data) {
		t.Errorf("%s is not as before: %s", f.Path, cmp.Diff(string(old), string(u.Data)))
	}
}

func deref(t *Text) Text {
	if t == nil {
		return Text{}
	}
	return *t
}

func TestRefused(t *testing.T) {
	cases := map[string]struct {
		matrixCase

		want string
	}{
		"Old":       {matrixCase{reason: "It has no writable cgroup.", profile: "userns", kind: Containerd, change: func(n *Node) { n.Version = "1.7.27" }}, "containerd is 1.7.27, and a writable cgroup needs 2.1: upgrade containerd"},
		"OldK3s":    {matrixCase{reason: "K3s of containerd 1.", profile: "sysbox", kind: K3s, config: "k3s-v2.toml", change: func(n *Node) { n.Version = "" }}, "format 2, for containerd 1: upgrade"},
		"Docker":    {matrixCase{reason: "Docker's package turns the CRI off in format 1.", profile: "userns", kind: Containerd, config: "containerd-docker.toml"}, `convert it with "containerd config migrate"`},
		"Inline":    {matrixCase{reason: "An inline table is closed.", profile: "userns", kind: Containerd, config: "containerd-inline.toml"}, "put it there by hand"},
		"Other":     {matrixCase{reason: "Somebody else's handler is not ours to change.", profile: "userns", kind: Containerd, config: "containerd-other.toml"}, "it differs in cgroup_writable: correct it there"},
		"Ports":     {matrixCase{reason: "The plugin's table is there already.", profile: "sysbox", kind: K3s, config: "k3s.toml", change: func(n *Node) { n.NoUnprivilegedPorts = true }}, "put it there by hand"},
		"CRIO":      {matrixCase{reason: "Kata has no configuration for it.", profile: "kata", kind: CRIO}, "no configuration for CRI-O: use a node with containerd"},
		"Driver":    {matrixCase{reason: "There are two.", profile: "userns", kind: K3s, change: func(n *Node) { n.CgroupDriver = "none" }}, "use systemd or cgroupfs"},
		"Broken":    {matrixCase{reason: "What cannot be read is not added to.", profile: "userns", kind: Containerd, change: func(n *Node) { n.Config = &Text{Path: "/x", Data: []byte("version = ")} }}, "/x, line 1"},
		"NewFormat": {matrixCase{reason: "Nobody knows what is in there.", profile: "userns", kind: Containerd, change: func(n *Node) { n.Config = &Text{Path: "/x", Data: []byte("version = 5\n")} }}, "use a later version"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p, n := tc.node(t)
			plan, err := Make(p, n)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s error %v does not say %q; plan:\n%s", tc.reason, err, tc.want, show(plan))
			}
		})
	}
	if _, err := LayoutOf("docker"); err == nil || !strings.Contains(err.Error(), "k3s, rke2, containerd, crio") {
		t.Errorf("an unknown kind: %v", err)
	}
}

// What an embedded host was booted with is not on it to be taken out.
func TestUndoBooted(t *testing.T) {
	c := matrixCase{profile: "userns", kind: Embedded, config: "containerd-v4.toml", imported: map[string]string{
		"/etc/vcluster/containerd.d/vclusterctl-userns.toml": "containerd-present.toml",
	}}
	p, n := c.node(t)
	if _, err := Undo(p, n); err == nil || !strings.Contains(err.Error(), "host up --restart --no-runtime") {
		t.Errorf("error %v does not say how", err)
	}
	if plan, err := Make(p, n); err != nil || plan.Present == "" {
		t.Errorf("the handler is there, and the plan is %+v, %v", plan, err)
	}
}

// Two runtimes on one node leave each other alone.
func TestTwo(t *testing.T) {
	c := matrixCase{profile: "userns", kind: K3s, config: "k3s.toml"}
	first, n := c.node(t)
	plan, err := Make(first, n)
	if err != nil {
		t.Fatal(err)
	}
	both := after(n, plan)
	second, _ := matrixCase{profile: "kata", kind: K3s, config: "k3s.toml"}.node(t)
	if plan, err = Make(second, both); err != nil {
		t.Fatal(err)
	}
	both = after(both, plan)
	undo, err := Undo(first, both)
	if err != nil {
		t.Fatal(err)
	}
	left := string(undo.Files[0].Data)
	if undo.Files[0].Remove || !strings.Contains(left, "vclusterctl-kata") || strings.Contains(left, "vclusterctl-userns") {
		t.Errorf("after taking out the first of two there is:\n%s", left)
	}
}

// The layout of the embedded host is what its node has.
func TestEmbeddedLayout(t *testing.T) {
	l := layouts[Embedded]
	want := Layout{
		Config: node.RunDir + "/containerd.toml", DropIns: guestapi.HostDropInDir,
		Seccomp: guestapi.StateDir + "/kubelet/seccomp", Socket: strings.TrimPrefix(node.ContainerdSocket, "unix://"), Units: l.Units,
	}
	if diff := cmp.Diff(want, l); diff != "" {
		t.Errorf("-node, +layout:\n%s", diff)
	}
}

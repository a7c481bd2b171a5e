package nodesetup

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/catalog"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// matrixCase is a node whose configuration has the form of one that is met.
type matrixCase struct {
	reason  string
	profile v1alpha1.RuntimeProfile
	kind    Kind
	// config is a file of testdata/base, empty for a node without one.
	config string
	// templates are K3s's, by file name.
	templates map[string]string
	imported  map[string]string
	change    func(*Node)
}

const custom = "# My own.\n{{ template \"base\" . }}\n\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.mine]\n  runtime_type = \"io.containerd.runc.v2\"\n"

const customV2 = "{{ template \"base\" . }}\n\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.mine]\n  runtime_type = \"io.containerd.runc.v2\"\n"

// matrix are the nodes that can be set up.
var matrix = map[string]matrixCase{
	"k3s":             {reason: "Nobody has written a template yet.", profile: "userns", kind: K3s, config: "k3s.toml"},
	"k3s-unseen":      {reason: "A template works whatever K3s it is.", profile: "userns", kind: K3s},
	"k3s-dropins":     {reason: "K3s reads a folder.", profile: "userns", kind: K3s, config: "k3s-dropins.toml"},
	"k3s-template":    {reason: "The administrator's template stays.", profile: "userns", kind: K3s, config: "k3s.toml", templates: map[string]string{templateV3: custom}},
	"k3s-template-v2": {reason: "One of format 2 would be ignored beside one of format 3.", profile: "userns", kind: K3s, config: "k3s-v2.toml", templates: map[string]string{templateV2: customV2}},
	"rke2":            {reason: "RKE2 has its own folder.", profile: "sysbox", kind: RKE2, config: "k3s.toml"},
	"containerd-none": {
		reason: "containerd has its defaults only, of which one is no systemd.", profile: "userns", kind: Containerd,
		change: func(n *Node) { n.Config = &Text{Path: layouts[Containerd].Config} },
	},
	"containerd-v2":         {reason: "Format 2 has another plugin.", profile: "userns", kind: Containerd, config: "containerd-v2.toml"},
	"containerd-v3":         {reason: "Without a folder it goes to the end, with the runtime and driver that the node's own pods have.", profile: "userns", kind: Containerd, config: "containerd-v3.toml"},
	"containerd-v3-unended": {reason: "A last line without an end.", profile: "userns", kind: Containerd, config: "containerd-v3-unended.toml"},
	"containerd-v3-dropins": {reason: "The folder is relative to the file.", profile: "userns", kind: Containerd, config: "containerd-v3-dropins.toml"},
	"containerd-v4":         {reason: "A drop-in must not be of another format.", profile: "userns", kind: Containerd, config: "containerd-v4.toml"},
	"containerd-present":    {reason: "It was put there by hand.", profile: "userns", kind: Containerd, config: "containerd-present.toml"},
	"containerd-imported": {
		reason: "It was put there by hand, in a folder.", profile: "userns", kind: Containerd, config: "containerd-v4.toml",
		imported: map[string]string{"/etc/containerd/conf.d/mine.toml": "containerd-present.toml"},
	},
	"sysbox":       {reason: "Sysbox's own program.", profile: "sysbox", kind: Containerd, config: "containerd-v3.toml"},
	"sysbox-ports": {reason: "A setting for all pods needs a file of its own.", profile: "sysbox", kind: Containerd, config: "containerd-v4.toml", change: func(n *Node) { n.NoUnprivilegedPorts = true }},
	"kata":         {reason: "Kata's shim.", profile: "kata", kind: Containerd, config: "containerd-v4.toml"},
	"gvisor":       {reason: "runsc has a file of its own.", profile: "gvisor", kind: K3s, config: "k3s.toml"},
	"crio":         {reason: "CRI-O reads a folder.", profile: "sysbox", kind: CRIO, change: func(n *Node) { n.Version = "1.33.3" }},
	"embedded":     {reason: "The embedded host reads a folder that lasts.", profile: "userns", kind: Embedded, config: "containerd-v4.toml"},
}

// node reads the files of a case.
func (c matrixCase) node(t *testing.T) (profile.Profile, Node) {
	t.Helper()
	p, err := catalog.Find(c.profile)
	if err != nil {
		t.Fatal(err)
	}
	layout, err := LayoutOf(c.kind)
	if err != nil {
		t.Fatal(err)
	}
	n := Node{Kind: c.kind, Version: "2.4.2", Arch: "amd64"}
	if c.config != "" {
		n.Config = &Text{Path: layout.Config, Data: base(t, c.config)}
	}
	for name, text := range c.templates {
		n.Templates = append(n.Templates, Text{Path: filepath.Join(layout.Templates, name), Data: []byte(text)})
	}
	for path, name := range c.imported {
		n.Imported = append(n.Imported, Text{Path: path, Data: base(t, name)})
	}
	if c.change != nil {
		c.change(&n)
	}
	return p, n
}

func base(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "base", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// after is the node once the files of a plan are there.
func after(n Node, plan Plan) Node {
	for _, f := range plan.Files {
		switch {
		case f.Role != RoleConfig || n.Kind == CRIO:
		case n.Config != nil && f.Path == n.Config.Path:
			n.Config = &Text{Path: f.Path, Data: f.Data}
		case f.Shared:
			n.Templates = []Text{{Path: f.Path, Data: f.Data}}
		default:
			n.Imported = append(slices.Clip(n.Imported), Text{Path: f.Path, Data: f.Data})
		}
	}
	return n
}

package host

import (
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/vclusterctl/vclusterctl/runtime/nodesetup"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

// RuntimeFor returns what a runtime profile asks of any node that it uses, in
// the form that the node image has. It is what "runtime install" writes on a node
// that runs already.
func RuntimeFor(p profile.Profile) (Runtime, error) {
	plan, err := nodesetup.Make(p, ownNode(nil))
	if err != nil {
		return Runtime{}, err
	}
	layout, err := nodesetup.LayoutOf(nodesetup.Embedded)
	if err != nil {
		return Runtime{}, err
	}
	seccomp, err := filesOf(plan, nodesetup.RoleSeccomp, layout.Seccomp)
	return Runtime{NodeLabels: plan.Labels, Seccomp: seccomp, Containerd: func(controllers []string) (map[string][]byte, error) {
		plan, err := nodesetup.Make(p, ownNode(controllers))
		if err != nil {
			return nil, err
		}
		return filesOf(plan, nodesetup.RoleConfig, layout.DropIns)
	}}, err
}

// filesOf are the files of a role, by their names below a folder.
func filesOf(plan nodesetup.Plan, role nodesetup.Role, dir string) (map[string][]byte, error) {
	var files map[string][]byte
	for _, f := range plan.Files {
		if f.Role != role {
			continue
		}
		name, err := filepath.Rel(dir, f.Path)
		if err != nil || !filepath.IsLocal(name) {
			return nil, fmt.Errorf("runtime %q: the file %s of an embedded host is not below %s", plan.Runtime, f.Path, dir)
		}
		if files == nil {
			files = map[string][]byte{}
		}
		files[name] = f.Data
	}
	return files, nil
}

// ownNode describes containerd as the node image runs it.
func ownNode(controllers []string) nodesetup.Node {
	n := nodesetup.Node{Kind: nodesetup.Embedded, CgroupDriver: "systemd", Arch: runtime.GOARCH}
	if !node.Delegated(controllers) {
		n.OCIRuntime = node.OCIWrapper
	}
	return n
}

package catalog

import (
	"fmt"
	"strings"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/gvisor"
	"github.com/vclusterctl/vclusterctl/runtime/kata"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/sysbox"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

// Profiles returns every profile, the strongest isolation first: a virtual
// machine, a kernel in user space, then a user namespace on the host's kernel,
// without added rights and with some.
//
// It is the order in which "auto" tries them. Until a probe proves on a node
// what its profile promises, "auto" takes only those for which a node's own word
// is enough (Knowledge.OnlyByName is empty): Sysbox, whose handler says on the
// node that it has user namespaces and whose pods ask for no rights that could
// do harm if that were wrong, and userns, which every test of ours runs under.
func Profiles() []profile.Profile {
	return []profile.Profile{kata.New(), gvisor.New(), sysbox.New(), userns.New()}
}

// Find returns the profile of a name. "auto" is not one: it is a choice among
// them.
func Find(name v1alpha1.RuntimeProfile) (profile.Profile, error) {
	var known []string
	for _, p := range Profiles() {
		if p.Knowledge().Name == name {
			return p, nil
		}
		known = append(known, fmt.Sprintf("%q", p.Knowledge().Name))
	}
	return nil, fmt.Errorf("no runtime profile %q: use one of %s", name, strings.Join(known, ", "))
}

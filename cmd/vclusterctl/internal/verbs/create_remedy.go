package verbs

import (
	"regexp"
	"slices"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/phase"
	"github.com/vclusterctl/vclusterctl/runtime/catalog"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// lacking is what a host lacks of a runtime, by the reason.
var lacking = map[string]struct {
	// named finds the runtime in the words of the controller, in which the
	// nearest to be had, or that of the servers, comes first.
	named *regexp.Regexp
	// remedy stands before the command.
	remedy string
}{
	v1alpha1.ReasonRuntimeClassMissing: {
		named:  regexp.MustCompile(`RuntimeClass "[^"]*" of runtime "([^"]*)" is missing`),
		remedy: "Put the RuntimeClass there, and the handler on nodes that lack it, with: ",
	},
	v1alpha1.ReasonNoCapableNode: {
		named:  regexp.MustCompile(`no node offers runtime "([^"]*)"`),
		remedy: "Where nodes lack only the handler, give it to them with: ",
	},
}

// runtimeRemedy is how a host gets the runtime that it lacks, empty where it lacks
// none or "runtime install" does not bring it.
func (t *target) runtimeRemedy(vc *v1alpha1.VirtualCluster, fault *phase.Fault) string {
	lack, is := lacking[fault.Reason]
	if !is {
		return ""
	}
	asked := runtimesOf(vc)
	name := asked[0].Profile
	if found := lack.named.FindStringSubmatch(fault.Message); found != nil {
		name = v1alpha1.RuntimeProfile(found[1])
	} else if slices.ContainsFunc(asked, func(r v1alpha1.Runtime) bool { return r.Profile != name }) {
		return "" // any of them may be meant
	}
	if name == v1alpha1.RuntimeAuto {
		name = v1alpha1.RuntimeUserns // the nearest to be had
	}
	p, err := catalog.Find(name)
	if err != nil || namesOwnClass(asked, p.Knowledge()) {
		return ""
	}
	return lack.remedy + t.Command("runtime", "install", string(name)) + "\n"
}

// runtimesOf are what the servers and each of the pools ask for.
func runtimesOf(vc *v1alpha1.VirtualCluster) []v1alpha1.Runtime {
	asked := []v1alpha1.Runtime{cluster.Servers(vc.Spec).Runtime}
	for _, pool := range cluster.Pools(vc.Spec) {
		asked = append(asked, pool.Runtime)
	}
	return asked
}

// namesOwnClass says whether a runtime is asked for by a RuntimeClass with a name
// of the site's: "runtime install" makes another.
func namesOwnClass(asked []v1alpha1.Runtime, k profile.Knowledge) bool {
	return slices.ContainsFunc(asked, func(r v1alpha1.Runtime) bool {
		return r.Profile == k.Name && r.ClassName != "" && r.ClassName != k.ClassName
	})
}

package probe

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	runtimeprobe "github.com/vclusterctl/vclusterctl/runtime/probe"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// world is everything that decisions are made from, observed once.
type world struct {
	now      time.Time
	profiles []profile.Profile
	// classes are the RuntimeClasses by name.
	classes map[string]*nodev1.RuntimeClass
	nodes   []corev1.Node
	// reports by name.
	reports map[string]*v1alpha1.RuntimeReport
	// pods are the probe pods by name, those that go included, and events what
	// is told of those that do not start.
	pods   map[string]*corev1.Pod
	events map[types.UID][]corev1.Event
	// waiting are the runtimes that clusters wait for.
	waiting waiting
	// namespace of the probe pods, and the node image that they boot.
	namespace, image string
	// most is how many probes may run at once.
	most int
}

// subject is one runtime on one node.
type subject struct {
	node      *corev1.Node
	profile   profile.Profile
	knowledge profile.Knowledge
	report    *v1alpha1.RuntimeReport // nil if there is none
	pod       *corev1.Pod             // nil if there is none
}

// subjects are all runtimes on all nodes, in the order in which they are probed:
// what asks least of the host first, because most clusters wait for that.
func (w *world) subjects() []subject {
	var out []subject
	for _, p := range slices.Backward(w.profiles) {
		k := p.Knowledge()
		for i := range w.nodes {
			name := reportName(w.nodes[i].Name, k.Name)
			report := w.reports[name]
			if report != nil && !runtimeprobe.IsAbout(report, &w.nodes[i]) {
				report = nil // it goes with the node that had this name before
			}
			out = append(out, subject{
				node: &w.nodes[i], profile: p, knowledge: k,
				report: report, pod: w.pods[podName(name)],
			})
		}
	}
	return out
}

// maxName is the length of a name in the API.
const maxName = 253

// reportName is the name of the report on a runtime on a node.
func reportName(node string, runtime v1alpha1.RuntimeProfile) string {
	name := node + "." + string(runtime)
	if len(name) <= maxName {
		return name
	}
	return digest(name) + "." + string(runtime)
}

// podName is the name of the probe pod of a report: there is one at a time.
func podName(report string) string { return "probe-" + digest(report)[:16] }

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

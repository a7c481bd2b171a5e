package probe

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/probe/finding"
)

// TestFailedBefore: what failed is not called failed while it is found out whether
// a change has mended it.
func TestFailedBefore(t *testing.T) {
	w := host(node("a"))
	w.act(t)
	w.ends(t, finding.Cgroup)
	w.act(t)
	w.now = w.now.Add(time.Hour)
	expectActs(t, w, "The same once more may well fail again.", "probe a")
	w.ends(t, finding.VXLAN)
	expectActs(t, w, "Now it is almost good.", "report a.userns ControlPlaneOnly", "label a /userns.control-planes=proven", "remove the pod on a")

	w.reports["a.userns"].Annotations = map[string]string{v1alpha1.AnnotationProbe: "mended"}
	expectActs(t, w, "Who asks is answered by the next probe, and what was proven stays so.", "report a.userns Probing", "probe a")
	if s := w.reports["a.userns"].Status; !strings.Contains(s.Message, finding.VXLAN) || s.Probe == nil {
		t.Errorf("what was found before is lost: %+v", s)
	}
	expectActs(t, w, "Until then nothing is written.")
	w.ends(t, finding.Cgroup)
	expectActs(t, w, "That is the answer.", "report a.userns Failed", "label a /userns.control-planes=", "remove the pod on a")
	w.nodes[0].Status.NodeInfo.BootID = "second"
	expectActs(t, w, "Nor does a node that booted anew keep its failure.", "report a.userns Probing", "probe a")
}

// TestSameName: a node that takes the name of another one has no verdict yet,
// whatever was found on the other.
func TestSameName(t *testing.T) {
	w := host(node("a"))
	w.act(t)
	w.ends(t)
	w.act(t)
	w.nodes = []corev1.Node{node("a", func(n *corev1.Node) { n.Labels = map[string]string{} })}
	w.nodes[0].UID = "another"
	expectActs(t, w, "It has to prove itself.", "make report a.userns", "report a.userns Probing", "probe a")
	w.ends(t, finding.Cgroup)
	expectActs(t, w, "And is told of in a report of its own.", "report a.userns Failed", "remove the pod on a")
}

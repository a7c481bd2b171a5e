package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/probe"
	"github.com/vclusterctl/vclusterctl/runtime/probe/finding"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// hostNode is the node of the embedded host, and probeNamespace where its probes
// run.
const (
	hostNode       = "host-0"
	probeNamespace = harness.ControllerNamespace + "-probes"
)

// The node of the host is not taken at its word: a probe booted the node image on
// it, and its report says what that found. One that is asked for finds it again.
func testProbe(t *testing.T) {
	s := enter(t, harness.Distro{}, "default")
	report := s.report(v1alpha1.RuntimeState(v1alpha1.ProbePassed))
	checks := map[string]v1alpha1.ProbeCheck{}
	for _, c := range report.Status.Probe.Checks {
		checks[c.Name] = c
		if !c.OK && c.Weight != v1alpha1.WeightComfort {
			t.Errorf("a probe passed without what nodes need: %+v", c)
		}
	}
	if c := checks[finding.UserNamespace]; !c.OK || len(strings.Fields(c.Found)) != 3 {
		t.Errorf("the map of ids is %q", c.Found)
	}
	for _, name := range []string{finding.Cgroup, finding.VXLAN, finding.Nftables, finding.Procfs} {
		if !checks[name].OK {
			t.Errorf("check %q: %+v", name, checks[name])
		}
	}
	if node := report.Status.Node; node.Kernel == "" || node.BootID == "" || report.Status.Handler == nil || report.Status.Probe.Image == "" {
		t.Errorf("the report does not say what it is about: %+v", report.Status)
	}
	s.checkNoProbes()

	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%q}}}`, v1alpha1.AnnotationProbe, t.Name())
	s.must(s.host.Patch(s.ctx, report, client.RawPatch(types.MergePatchType, patch)))
	s.eventually("another probe passed", func() error {
		again := s.report(v1alpha1.RuntimeState(v1alpha1.ProbePassed))
		if again.Status.Probe.Input == report.Status.Probe.Input {
			return fmt.Errorf("the last one ended at %s", again.Status.Probe.Time)
		}
		return nil
	})
	s.checkNoProbes()
}

// report waits for what is known of userns on the node of the host.
func (s *scene) report(state v1alpha1.RuntimeState, words ...string) *v1alpha1.RuntimeReport {
	s.Helper()
	report := &v1alpha1.RuntimeReport{}
	s.eventually(fmt.Sprintf("the report says %s", state), func() error {
		if err := s.host.Get(s.ctx, client.ObjectKey{Name: hostNode + "." + string(v1alpha1.RuntimeUserns)}, report); err != nil {
			return err
		}
		if report.Status.State != state {
			return fmt.Errorf("it says %s: %s", report.Status.State, report.Status.Message)
		}
		return nil
	})
	for _, word := range words {
		if !strings.Contains(report.Status.Message, word) {
			s.Errorf("the report does not say %q: %s", word, report.Status.Message)
		}
	}
	s.eventually("the node is labelled accordingly", func() error {
		var node corev1.Node
		if err := s.host.Get(s.ctx, client.ObjectKey{Name: hostNode}, &node); err != nil {
			return err
		}
		proven := node.Labels[probe.NodeLabel(v1alpha1.RuntimeUserns, true)] == v1alpha1.NodeLabelProven
		if proven != (state == v1alpha1.RuntimeState(v1alpha1.ProbePassed)) {
			return fmt.Errorf("its labels are %v", node.Labels)
		}
		return nil
	})
	return report
}

// checkNoProbes: nothing of a probe stays behind but its report.
func (s *scene) checkNoProbes() {
	s.Helper()
	s.eventually("no probe pod is left", func() error {
		var pods corev1.PodList
		if err := s.host.List(s.ctx, &pods, client.InNamespace(probeNamespace)); err != nil || len(pods.Items) == 0 {
			return err
		}
		return fmt.Errorf("%d are", len(pods.Items))
	})
}

// eventually tries until it works, for as long as one step may take.
func (s *scene) eventually(what string, try func() error) {
	s.Helper()
	ctx := s.within(stepTimeout)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			s.Fatalf("not in time: %s: %v", what, err)
		case <-tick.C:
		}
	}
}

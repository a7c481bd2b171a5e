package e2e

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// A distro that is asked for explicitly is tried where it cannot run, too, and
// what the user reads is its own refusal.
func testOwnRefusal(t *testing.T, d harness.Distro) {
	s := watch(t, d)
	if why := notCarried(d); why != "" {
		t.Skip(why)
	}
	missing := s.host.Missing(d)
	if len(missing) == 0 {
		t.Skipf("this host has all that %s insists on", d.Name)
	}
	refused, err := world.shared[d.Name]()
	s.must(err)
	if refused == "" {
		t.Skipf("this host lacks the cgroup controllers %s, but this build of %s does not look for them", strings.Join(missing, " "), d.Name)
	}
	vc := s.condition(sharedCluster(d), v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonNodeProblem)
	words := harness.Conditions(vc)
	for _, want := range []string{harness.ServerPod(vc), "k3s", refused} {
		if !strings.Contains(words, want) {
			t.Errorf("the conditions do not say %q:%s", want, words)
		}
	}
	s.checkCalm(vc)
	s.must(s.host.Delete(s.ctx, vc)) // it would go on trying
}

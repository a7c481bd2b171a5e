package e2e

import (
	"context"
	"os"
	"slices"
	"strconv"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// apart is the scene of a test with a host of its own, which offers one more
// runtime than the host that tests share. install puts the runtime on the node.
func apart(t *testing.T, suffix string, p profile.Profile, runs harness.Runs, install func(*scene)) *scene {
	t.Helper()
	s := enter(t, harness.Distro{}, "default")
	h, err := harness.New(s.ctx, world.host.Assets, hostName+suffix, os.Stderr)
	s.must(err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), cleanTimeout)
		defer cancel()
		if err := h.Close(ctx); err != nil {
			t.Errorf("remove the host: %v", err)
		}
	})
	s.host = h
	s.must(h.Offer(p, runs))
	s.must(h.Up(s.within(startTimeout)))
	install(s)
	s.must(h.ApplyClass(s.ctx, p))
	s.must(h.Install(s.within(startTimeout)))
	return s
}

// of is the same scene for a distro, in a new namespace with labels.
func (s *scene) of(t *testing.T, d harness.Distro, name string, labels map[string]string) *scene {
	t.Helper()
	other := *s
	other.T, other.distro, other.namespace = t, d, name
	t.Cleanup(other.diagnose)
	s.must(s.host.Create(s.ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}))
	return &other
}

// mayRaise says whether this machine lets one lower oom_score_adj.
func (s *scene) mayRaise() bool {
	s.Helper()
	text, err := harness.StatusField("/proc/self", "CapBnd")
	s.must(err)
	set, err := strconv.ParseUint(text, 16, 64)
	s.must(err)
	return set&(1<<slices.Index(capabilities, "SYS_RESOURCE")) != 0
}

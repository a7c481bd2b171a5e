package e2e

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// diagnosis is what doctor prints for programs, as far as it is looked at.
type diagnosis struct {
	Verdict  string `json:"verdict"`
	Outcome  string `json:"outcome"`
	Runtimes []struct {
		Name      string   `json:"name"`
		Qualifies bool     `json:"qualifies"`
		Nodes     []string `json:"nodes"`
		Proven    []string `json:"proven"`
	} `json:"runtimes"`
	Findings []struct {
		Check   string `json:"check"`
		Outcome string `json:"outcome"`
		Found   string `json:"found"`
		Fix     string `json:"fix"`
	} `json:"findings"`
}

// doctor runs the verb for programs.
func (u user) doctor(code int, args ...string) diagnosis {
	u.Helper()
	r := u.do(code, append([]string{"doctor", "-o", "json"}, args...)...)
	var d diagnosis
	if err := json.Unmarshal([]byte(r.Stdout), &d); err != nil {
		u.Fatalf("%v: %s", err, r)
	}
	return d
}

// Doctor says that this host is well, has it proven, and leaves nothing behind;
// and it tells a cluster that is well from one that is not, with the cause.
func testDoctor(t *testing.T, d harness.Distro) {
	s := begin(t, d)
	u := s.user()
	bad := s.create("bad", missingImage)
	well := s.create("well")
	u.checkHost()
	u.checkProbe()
	u.checkProbeInterrupted()
	u.checkSick(bad)
	u.checkWell(well)
}

func (u user) checkHost() {
	u.Helper()
	r := u.do(0, "doctor")
	if line, _, _ := strings.Cut(r.Stdout, "\n"); !strings.Contains(line, "This host can run virtual clusters under userns on 1 of 1 node") {
		u.Errorf("the host is not found to be well: %s", r)
	}
	for _, f := range u.doctor(0).Findings {
		if f.Outcome == "problem" || f.Outcome == "warning" && f.Fix == "" {
			u.Errorf("%s: %s", f.Check, f.Found)
		}
	}
	u.do(3, "doctor", "--node", "none")
	r = u.do(5, "doctor", "--runtime", "sysbox")
	if !strings.HasPrefix(r.Stdout, "No node can run virtual clusters under sysbox: ") || !strings.Contains(r.Stdout, "What to do: ") {
		u.Errorf("a runtime that is not there: %s", r)
	}
	// A namespace that lets no node pods in is named with its label.
	fenced := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: u.namespace}}
	label := func(value string) {
		patch := `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":` + value + `}}}`
		u.must(u.host.Patch(u.ctx, fenced, client.RawPatch("application/merge-patch+json", []byte(patch))))
	}
	label(`"restricted"`)
	r = u.do(5, "doctor")
	if !strings.Contains(r.Stdout, "What to do: kubectl label --overwrite namespace "+u.namespace+" pod-security.kubernetes.io/enforce=privileged") {
		u.Errorf("a namespace that lets no node pods in: %s", r)
	}
	label("null")
}

func (u user) checkProbe() {
	u.Helper()
	found := u.doctor(0, "--probe", "--runtime", "userns")
	if len(found.Runtimes) != 1 || !found.Runtimes[0].Qualifies || !slices.Equal(found.Runtimes[0].Proven, []string{"host-0"}) {
		u.Errorf("the probe did not prove that the node has %s: %+v", userns.Handler, found)
	}
	u.wantNoProbes()
}

// checkProbeInterrupted asks a doctor to go that has just made a pod.
func (u user) checkProbeInterrupted() {
	u.Helper()
	p := u.host.Launch(u.within(stepTimeout), u.kubeconfig, "doctor", "--probe", "--context", "vclusterctl-"+hostName, "-n", u.namespace)
	u.must(u.host.Eventually(u.within(stepTimeout), func() error {
		if pods := u.probes(); len(pods) == 0 {
			return errors.New("no probe pod was made")
		}
		return nil
	}))
	u.must(p.Signal(syscall.SIGTERM))
	u.wantCode(p.Wait(), 1)
	u.wantNoProbes()
}

// probes are the pods of doctor that are there.
func (u user) probes() []string {
	u.Helper()
	var pods corev1.PodList
	u.must(u.host.List(u.ctx, &pods, client.InNamespace(u.namespace), client.HasLabels{"vclusterctl.dev/doctor"}))
	return harness.Names(&pods)
}

func (u user) wantNoProbes() {
	u.Helper()
	if left := u.probes(); len(left) > 0 {
		u.Errorf("doctor left behind: %s", left)
	}
}

// checkSick wants the cause in the first line.
func (u user) checkSick(vc *v1alpha1.VirtualCluster) {
	u.Helper()
	u.condition(vc, v1alpha1.ConditionControlPlaneReady, metav1.ConditionFalse, v1alpha1.ReasonImagePullFailed)
	r := u.do(1, "doctor", vc.Name)
	if line, _, _ := strings.Cut(r.Stdout, "\n"); !strings.HasPrefix(line, "Virtual cluster bad is not well: ImagePullFailed: ") || !strings.Contains(line, missingRef) {
		u.Errorf("the cause is not named: %s", r)
	}
}

func (u user) checkWell(vc *v1alpha1.VirtualCluster) {
	u.Helper()
	u.ready(vc)
	if r := u.do(0, "doctor", vc.Name); !strings.HasPrefix(r.Stdout, "Virtual cluster well is healthy") {
		u.Errorf("a cluster that is ready: %s", r)
	}
	u.do(3, "doctor", "none")
}

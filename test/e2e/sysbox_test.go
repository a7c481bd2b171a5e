package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/images"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/sysbox"
	"github.com/vclusterctl/vclusterctl/templates/node"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// sysboxPrograms are Sysbox, and what it calls that node images lack.
var sysboxPrograms = []string{"sysbox-runc", "sysbox-mgr", "sysbox-fs", "rsync", "fusermount"}

// sysboxRefusals are what Sysbox says on machines that lack what it insists on.
// Whatever else it says is a failure.
var sysboxRefusals = map[string]string{
	"open /proc/modules": "this machine's kernel has no modules, and sysbox-mgr insists on their list",
	"oom_score_adj":      "this machine does not grant CAP_SYS_RESOURCE, without which sysbox-runc cannot lower oom_score_adj",
}

// TestSysbox runs virtual clusters under Sysbox where this machine has it, in a
// namespace that enforces Pod Security's baseline level.
func TestSysbox(t *testing.T) {
	found := sysboxHere(t)
	s := apart(t, "-sbx", sysbox.New(), runSysbox, func(s *scene) { s.installSysbox(found) })
	for _, d := range harness.Distros() {
		t.Run(string(d.Name), func(t *testing.T) {
			if why := notCarried(d); why != "" {
				t.Skip(why)
			}
			if missing := s.host.Missing(d); len(missing) > 0 {
				t.Skipf("this host lacks the cgroup controllers %s, which %s insists on", strings.Join(missing, " "), d.Name)
			}
			s.of(t, d, "baseline-"+string(d.Name), map[string]string{profile.LabelEnforce: "baseline"}).checkSysbox()
		})
	}
}

// sysboxHere finds Sysbox on this machine: it is no part of this repository.
func sysboxHere(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	var missing []string
	for _, name := range sysboxPrograms {
		at, err := exec.LookPath(name)
		if err != nil {
			missing = append(missing, name)
			continue
		}
		found[name] = at
	}
	if len(missing) > 0 {
		t.Skipf("this machine has no %s in its PATH: install Sysbox 0.7.1 or later, with rsync and fuse3", strings.Join(missing, ", "))
	}
	return found
}

// runSysbox: without controllers it fails on the limits that containerd asks for,
// as runc does, and is wrapped as runc is.
func runSysbox(delegated bool) profile.HostOptions {
	o := profile.HostOptions{ContainerdConfig: 3, SystemdCgroup: true, NoUnprivilegedPorts: true}
	if !delegated {
		o.BinaryName = node.OCIWrapper + "-sysbox-runc"
	}
	return o
}

// sysboxRoot is where Sysbox keeps its folders: the node's own root is an
// overlay, on which another cannot be made.
const sysboxRoot = "/var/lib/vcluster/sysbox"

func (s *scene) installSysbox(found map[string]string) {
	s.Helper()
	ctx := s.within(startTimeout)
	for name, from := range found {
		s.must(s.host.PutProgram(ctx, from, "/usr/bin/"+name))
	}
	for _, command := range [][]string{
		{"ln", "-sf", path.Base(node.OCIWrapper), node.OCIWrapper + "-sysbox-runc"},
		{"useradd", "--system", "--shell", "/usr/sbin/nologin", "sysbox"},
		{"mkdir", "-p", sysboxRoot},
	} {
		_, err := s.host.OnNode(ctx, command...)
		s.must(err)
	}
	s.startSysbox("sysbox-mgr", "--data-root", sysboxRoot)
	s.startSysbox("sysbox-fs")
	s.must(s.host.AwaitHandler(ctx, sysbox.Handler, true))
	s.trySysbox()
}

// startSysbox starts one of the daemons.
func (s *scene) startSysbox(name string, args ...string) {
	s.Helper()
	ctx := s.within(startTimeout)
	_, err := s.host.OnNode(ctx, append([]string{"systemd-run", "--unit", name, "--property=Type=notify", name}, args...)...)
	if err == nil {
		return
	}
	words, _ := s.host.OnNode(ctx, "journalctl", "--quiet", "--no-pager", "--output=cat", "--unit", name)
	s.skipWhereRefused(words)
	s.Fatalf("%s does not start: %v\n%s", name, err, words)
}

// skipWhereRefused skips the test if it is this machine that Sysbox refuses.
func (s *scene) skipWhereRefused(words string) {
	s.Helper()
	for symptom, why := range sysboxRefusals {
		if strings.Contains(words, symptom) {
			s.Skipf("%s: %s", why, lineWith(words, symptom))
		}
	}
}

func lineWith(text, part string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// trySysbox starts one pod under Sysbox, to tell a machine that it does not run
// on from a fault of ours.
func (s *scene) trySysbox() {
	s.Helper()
	s.must(s.host.ApplyClass(s.ctx, sysbox.New()))
	class, no := sysbox.ClassName, false
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "try"}, Spec: corev1.PodSpec{
		RuntimeClassName: &class, HostUsers: &no, AutomountServiceAccountToken: &no, EnableServiceLinks: &no,
		Containers: []corev1.Container{{
			Name: "try", Image: images.NodeRef(), ImagePullPolicy: corev1.PullNever, Command: []string{"/bin/sleep", "inf"},
		}},
	}}
	s.must(s.host.Create(s.ctx, pod))
	defer func() { s.must(s.host.Delete(s.ctx, pod, client.GracePeriodSeconds(0))) }()
	said := ""
	err := s.host.Eventually(s.within(startTimeout), func() error {
		if err := s.host.Get(s.ctx, client.ObjectKeyFromObject(pod), pod); err != nil || pod.Status.Phase == corev1.PodRunning {
			return err
		}
		var events corev1.EventList
		if err := s.host.List(s.ctx, &events, client.InNamespace(pod.Namespace)); err != nil {
			return err
		}
		for _, e := range events.Items {
			if e.InvolvedObject.UID == pod.UID && e.Type == corev1.EventTypeWarning {
				said = e.Message
				s.skipWhereRefused(said)
			}
		}
		return fmt.Errorf("the pod is %s", pod.Status.Phase)
	})
	if err != nil {
		s.Fatalf("no pod runs under Sysbox: %v: %s", err, said)
	}
}

// checkSysbox makes a virtual cluster and uses it.
func (s *scene) checkSysbox() {
	s.Helper()
	s.checkBaseline()
	vc := s.ready(s.create("dev", func(spec *v1alpha1.VirtualClusterSpec) { spec.Runtime.Profile = v1alpha1.RuntimeSysbox }))
	s.condition(vc, v1alpha1.ConditionIsolated, metav1.ConditionTrue, "")
	pod := s.pod(vc)
	if ptr.Deref(pod.Spec.HostUsers, true) {
		s.Error("the pod does not ask for a user namespace of its own")
	}
	if added := pod.Spec.Containers[0].SecurityContext.Capabilities; added != nil && len(added.Add) > 0 {
		s.Errorf("the pod has added capabilities: %v", added.Add)
	}
	if dir, err := harness.InitOf(pod); err != nil {
		s.Error(err)
	} else if uids, err := os.ReadFile(dir + "/uid_map"); err != nil || strings.Fields(string(uids))[1] == "0" {
		s.Errorf("root in the node is root of the machine: %s%v", uids, err)
	}
	if got := s.shell(vc, "grep -c '^sysboxfs /proc/sys ' /proc/mounts"); got != "1" {
		s.Errorf("the node does not run under Sysbox: its /proc/sys is mounted %s times by sysbox-fs", got)
	}
	w := web{cluster: s.inside(vc), namespace: "default", name: "web", replicas: 2}
	s.deploy(w)
	s.checkLookUp(w)
	s.checkLogs(w)
}

// checkBaseline makes sure that the namespace does refuse what is beyond.
func (s *scene) checkBaseline() {
	s.Helper()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "beyond"}, Spec: corev1.PodSpec{
		Containers: []corev1.Container{{Name: "c", Image: "c", SecurityContext: &corev1.SecurityContext{
			Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"SYS_ADMIN"}},
		}}},
	}}
	if err := s.host.Create(s.ctx, pod, client.DryRunAll); err == nil || !strings.Contains(err.Error(), "baseline") {
		s.Errorf("the namespace admits a pod with SYS_ADMIN, or refuses it for another reason: %v", err)
	}
}

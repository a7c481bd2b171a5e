package probe

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/runtime/catalog"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

func options(p profile.Profile, o profile.PodOptions) Options {
	return Options{
		Knowledge: p.Knowledge(), Shape: p.PodShape(o),
		Node: "a", Namespace: "probes", Image: "node:v1",
		Labels: map[string]string{"mine": "yes"}, ImagePullSecrets: []string{"pull"},
	}
}

// TestPodHasTheShapeOfNodes: what is proven for another security context is not
// proven for node pods.
func TestPodHasTheShapeOfNodes(t *testing.T) {
	for _, p := range catalog.Profiles() {
		t.Run(string(p.Knowledge().Name), func(t *testing.T) {
			shape := p.PodShape(profile.PodOptions{})
			pod, err := Pod(options(p, profile.PodOptions{}))
			if err != nil {
				t.Fatal(err)
			}
			want, err := securityContext(shape)
			if err != nil {
				t.Fatal(err)
			}
			c := pod.Spec.Containers[0]
			if diff := cmp.Diff(want, c.SecurityContext); diff != "" {
				t.Errorf("security context: -want, +got:\n%s", diff)
			}
			if got := pod.Spec.HostUsers == nil; got != shape.HostUsers {
				t.Errorf("hostUsers is %v", pod.Spec.HostUsers)
			}
			if *pod.Spec.RuntimeClassName != p.Knowledge().ClassName {
				t.Errorf("RuntimeClass %q", *pod.Spec.RuntimeClassName)
			}
			if diff := cmp.Diff(append(shape.Command, "--unit=vcluster-probe.target"), c.Command); diff != "" {
				t.Errorf("command: -want, +got:\n%s", diff)
			}
		})
	}
}

func TestPodIsHarmless(t *testing.T) {
	pod, err := Pod(options(userns.New(), profile.PodOptions{Seccomp: true}))
	if err != nil {
		t.Fatal(err)
	}
	if *pod.Spec.AutomountServiceAccountToken || *pod.Spec.EnableServiceLinks || pod.Spec.HostNetwork || pod.Spec.HostPID {
		t.Errorf("it gets what it does not need: %+v", pod.Spec)
	}
	if pod.Spec.NodeName != "a" || *pod.Spec.ActiveDeadlineSeconds != Deadline || pod.Spec.RestartPolicy != corev1.RestartPolicyNever {
		t.Errorf("it does not end by itself, or runs elsewhere: %+v", pod.Spec)
	}
	if pod.Labels[LabelProbe] != "userns" || pod.Labels["mine"] != "yes" || pod.Labels["vclusterctl.dev/cluster"] != "" {
		t.Errorf("labels %v", pod.Labels)
	}
	if len(pod.Spec.NodeSelector) != 1 || pod.Spec.Containers[0].SecurityContext.SeccompProfile.LocalhostProfile == nil {
		t.Errorf("the seccomp profile is not that of node pods: %v", pod.Spec.NodeSelector)
	}
	if !strings.HasPrefix(pod.GenerateName, "vclusterctl-probe-") {
		t.Errorf("name %q", pod.GenerateName)
	}
}

func TestPodNeedsNodeAndImage(t *testing.T) {
	for _, change := range []func(*Options){func(o *Options) { o.Node = "" }, func(o *Options) { o.Image = "" }} {
		o := options(userns.New(), profile.PodOptions{})
		change(&o)
		if _, err := Pod(o); err == nil {
			t.Error("a pod was built for nobody")
		}
	}
}

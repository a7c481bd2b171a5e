package virtualcluster

import (
	"maps"
	"testing"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

// TestDistroOfHosts: a node without the controllers keeps K3s away only if pods
// of the cluster can get there.
func TestDistroOfHosts(t *testing.T) {
	seccomp := userns.New().PodShape(profile.PodOptions{Seccomp: true}).NodeSelector
	if len(seccomp) == 0 {
		t.Fatal("the runtime has no seccomp profile: this proves nothing")
	}
	cases := map[string]struct {
		reason string
		change func(good, short *corev1.Node, class *nodev1.RuntimeClass)
		want   v1alpha1.Distro
	}{
		"Offers": {"A pod can get there.", func(_, _ *corev1.Node, _ *nodev1.RuntimeClass) {}, v1alpha1.DistroK8s},
		"OffersNot": {"No pod can.", func(_, short *corev1.Node, _ *nodev1.RuntimeClass) {
			short.Status.RuntimeHandlers = nil
		}, v1alpha1.DistroK3s},
		"NotSelected": {"Nor past the RuntimeClass.", func(good, _ *corev1.Node, class *nodev1.RuntimeClass) {
			good.Labels = map[string]string{"userns": "yes"}
			class.Scheduling = &nodev1.Scheduling{NodeSelector: good.Labels}
		}, v1alpha1.DistroK3s},
		"NoSeccomp": {"Nor where the seccomp profile is not, while it is elsewhere.", func(good, _ *corev1.Node, _ *nodev1.RuntimeClass) {
			good.Labels = maps.Clone(seccomp)
		}, v1alpha1.DistroK3s},
		"OnlyThere": {"It is the only one there is.", func(good, _ *corev1.Node, _ *nodev1.RuntimeClass) {
			good.Status.RuntimeHandlers = nil
		}, v1alpha1.DistroK8s},
		"Nowhere": {"Who knows which of them will.", func(good, short *corev1.Node, _ *nodev1.RuntimeClass) {
			good.Status.RuntimeHandlers, short.Status.RuntimeHandlers = nil, nil
		}, v1alpha1.DistroK8s},
		"NoClass": {"The same before the runtime is set up.", func(_, _ *corev1.Node, class *nodev1.RuntimeClass) {
			class.Name = "other"
		}, v1alpha1.DistroK8s},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			good := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "a"}}
			short := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "b", Labels: map[string]string{v1alpha1.NodeLabelMissingControllers: "cpu"}}}
			offer(&good)
			offer(&short)
			class := &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: userns.ClassName}, Handler: userns.Handler}
			tc.change(&good, &short, class)
			s := aScope()
			s.profiles, s.nodes = []profile.Profile{userns.New()}, []corev1.Node{good, short}
			s.runtimeClasses = map[string]*nodev1.RuntimeClass{class.Name: class}
			got, why, err := s.chooseDistro(catalogue.Entry{
				Version: "v1.36.3", Image: "node", Distros: []v1alpha1.Distro{v1alpha1.DistroK8s, v1alpha1.DistroK3s},
			})
			if err != nil || got != tc.want {
				t.Errorf("%s\nchooseDistro() = %q, %q, %v, want %q", tc.reason, got, why, err, tc.want)
			}
		})
	}
}

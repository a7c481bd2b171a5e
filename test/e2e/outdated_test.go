package e2e

import (
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

const (
	// formerEnv is in the pods of an older controller, and not in ours.
	formerEnv = "FORMER"
	// newerImage is what a newer catalogue has. Nobody pulls it.
	newerImage = "registry.invalid/vclusterctl/node:newer"
)

// outdated lets a newer controller, with another template and another image for
// the same version, come upon a cluster that runs. It touches nothing, says what
// is older, and makes pods that go away as they were.
func (x *subject) outdated() {
	x.Helper()
	vc := x.ready(x.create("former", func(spec *v1alpha1.VirtualClusterSpec) {
		spec.Pools = []v1alpha1.Pool{{Name: workers, Replicas: ptr.To[int32](1)}}
	}))
	x.makeFormer(vc)
	y := x.subjectOf(vc)
	before := y.shape()

	undo := x.offerImage(vc.Status.Resolved.Version, newerImage)
	defer undo()
	x.must(x.host.KillController(x.ctx))
	y.awaitOutdated(newerImage, "revision 0")
	y.ready(y.vc)
	if after := y.shape(); !slices.Equal(before, after) {
		x.Errorf("a newer controller changed what runs: %v is now %v", before, after)
	}
	y.allReplaced()
	for _, group := range []string{cluster.ServerGroup, workers} {
		c := y.nodePod(group).Spec.Containers[0]
		if c.Image != vc.Status.Resolved.Image || !slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == formerEnv }) {
			x.Errorf("the pod of %q came back in another form, with image %q and %v", group, c.Image, c.Env)
		}
	}
	y.recovered()
	y.awaitOutdated(newerImage, "revision 0")
	y.ledger.Close()
	y.witness.Close()
	x.must(x.host.Delete(x.ctx, y.vc))
	x.must(x.host.AwaitNothing(x.within(stepTimeout), y.vc.Namespace, y.vc.Name))
	undo()
	x.condition(x.vc, v1alpha1.ConditionUpToDate, metav1.ConditionTrue, "")
}

// makeFormer makes a cluster look as if another controller had made it. The
// controller that runs has to know first: it would put its own back.
func (s *scene) makeFormer(vc *v1alpha1.VirtualCluster) {
	s.Helper()
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"status":{"resolved":{"templateRevision":"0"}}}`))
	s.must(s.host.Cluster.Status().Patch(s.ctx, vc.DeepCopy(), patch))
	s.condition(vc, v1alpha1.ConditionUpToDate, metav1.ConditionFalse, v1alpha1.ReasonOutdated)
	for _, group := range []string{cluster.ServerGroup, workers} {
		set := s.set(vc, group)
		ours, err := cluster.ExtractStatefulSet(set, v1alpha1.FieldOwner)
		s.must(err)
		ours.Spec.Template.Spec.Containers[0].WithEnv(corev1ac.EnvVar().WithName(formerEnv).WithValue("yes"))
		s.must(s.host.Apply(s.ctx, ours, client.FieldOwner(v1alpha1.FieldOwner), client.ForceOwnership))
	}
}

func (s *scene) set(vc *v1alpha1.VirtualCluster, group string) *appsv1.StatefulSet {
	s.Helper()
	var set appsv1.StatefulSet
	s.must(s.host.Get(s.ctx, client.ObjectKey{Namespace: vc.Namespace, Name: cluster.GroupName(vc.Name, group)}, &set))
	return &set
}

// shape is what must not change of a cluster that nobody changes.
func (x *subject) shape() []string {
	x.Helper()
	var out []string
	for _, group := range []string{cluster.ServerGroup, workers} {
		pod, set := x.nodePod(group), x.set(x.vc, group)
		out = append(out, fmt.Sprintf("pod %s: UID %s, %d restarts", pod.Name, pod.UID, restarts(pod)),
			fmt.Sprintf("StatefulSet %s: UID %s, generation %d", set.Name, set.UID, set.Generation))
	}
	return out
}

// awaitOutdated waits until a cluster says what is older about it.
func (x *subject) awaitOutdated(words ...string) {
	x.Helper()
	_, err := harness.Await(x.within(bootTimeout), x.host.Cluster, x.vc, func(vc *v1alpha1.VirtualCluster) (bool, string) {
		c := conditionOf(vc, v1alpha1.ConditionUpToDate)
		return c.Reason == v1alpha1.ReasonOutdated && containsAll(c.Message, words...), harness.Conditions(vc)
	})
	x.must(err)
}

// offerImage puts another image for a version into the controller's catalogue.
// What it returns puts the old one back, and can be called again.
func (s *scene) offerImage(version, image string) (undo func()) {
	s.Helper()
	version, _, _ = strings.Cut(version, "+")
	var old string
	s.must(s.changeCatalogue(func(data string) (string, error) {
		old = data
		c, err := catalogue.Parse([]byte(data))
		if err != nil {
			return "", err
		}
		i := slices.IndexFunc(c.Entries, func(e catalogue.Entry) bool { return e.Version == version })
		if i < 0 {
			return "", fmt.Errorf("the catalogue has no version %s: %v", version, c.Versions())
		}
		c.Entries[i].Image = image
		out, err := yaml.Marshal(c)
		return string(out), err
	}))
	return func() {
		s.Helper()
		if err := s.changeCatalogue(func(string) (string, error) { return old, nil }); err != nil {
			s.Errorf("put the catalogue back: %v", err)
		}
	}
}

func (s *scene) changeCatalogue(change func(string) (string, error)) error {
	ctx, cancel := s.afterwards()
	defer cancel()
	var cm corev1.ConfigMap
	if err := s.host.Get(ctx, client.ObjectKey{Namespace: harness.ControllerNamespace, Name: catalogue.ConfigMapName}, &cm); err != nil {
		return err
	}
	data, err := change(cm.Data[catalogue.Key])
	if err != nil {
		return err
	}
	cm.Data[catalogue.Key] = data
	return s.host.Update(ctx, &cm)
}

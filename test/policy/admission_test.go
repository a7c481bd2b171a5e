package policy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/catalog"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/test/envtest"
)

// sets are all StatefulSets that the builders are known to make, by their
// profile: the tests of runtime/catalog hold the builders to these files.
func sets(t *testing.T, of v1alpha1.RuntimeProfile) map[string]*appsv1.StatefulSet {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../../runtime/catalog/testdata/pods", string(of), "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*appsv1.StatefulSet{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		set := &appsv1.StatefulSet{}
		if err := yaml.UnmarshalStrict(data, set); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		out[strings.TrimSuffix(filepath.Base(file), ".yaml")] = set
	}
	if len(out) == 0 {
		t.Fatalf("no pod of profile %q is known", of)
	}
	return out
}

// firstPod is what the StatefulSet's controller would make of it.
func firstPod(set *appsv1.StatefulSet, namespace string) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: *set.Spec.Template.ObjectMeta.DeepCopy(), Spec: *set.Spec.Template.Spec.DeepCopy()}
	pod.Namespace, pod.Name = namespace, set.Name+"-0"
	for _, claim := range set.Spec.VolumeClaimTemplates {
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: claim.Name, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim.Name + "-" + pod.Name},
		}})
	}
	return pod
}

// enforcing makes a namespace that enforces a level of Pod Security.
func enforcing(t *testing.T, c client.Client, level string) string {
	t.Helper()
	name := envtest.Namespace(t, c)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	patch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"`+profile.LabelEnforce+`":"`+level+`"}}}`))
	if err := c.Patch(t.Context(), namespace, patch); err != nil {
		t.Fatal(err)
	}
	if err := c.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: name, Name: "default"}}); client.IgnoreAlreadyExists(err) != nil {
		t.Fatal(err)
	}
	return name
}

// makeClass makes the RuntimeClass of a profile for real: pods that name it are
// refused without it.
func makeClass(t *testing.T, c client.Client, p profile.Profile) *nodev1.RuntimeClass {
	t.Helper()
	data, err := json.Marshal(p.RuntimeClass(profile.ClassOptions{NodeSelector: map[string]string{"has": "it"}}))
	if err != nil {
		t.Fatal(err)
	}
	class := &nodev1.RuntimeClass{}
	if err := json.Unmarshal(data, class); err != nil {
		t.Fatal(err)
	}
	if err := c.Create(t.Context(), class, client.FieldValidation("Strict")); err != nil {
		t.Fatal(err)
	}
	return class
}

// TestRealAdmission has a real API server say of every profile that it takes the
// RuntimeClass, the StatefulSets and their pods, in a namespace that enforces the
// Pod Security level that the profile states, and in no stricter one.
func TestRealAdmission(t *testing.T) {
	levels := []string{"privileged", "baseline", "restricted"}
	c := envtest.Client(t)
	install(t, c)
	namespaces := map[string]string{}
	for _, level := range levels {
		namespaces[level] = enforcing(t, c, level)
	}
	for _, p := range catalog.Profiles() {
		k := p.Knowledge()
		class := makeClass(t, c, p)
		for name, set := range sets(t, k.Name) {
			t.Run(string(k.Name)+"/"+name, func(t *testing.T) {
				set.Namespace = namespaces[k.PodSecurity.Level]
				if err := c.Create(t.Context(), set.DeepCopy(), client.DryRunAll, client.FieldValidation("Strict")); err != nil {
					t.Errorf("StatefulSet: %v", err)
				}
				for i, level := range levels {
					pod := firstPod(set, namespaces[level])
					err := c.Create(t.Context(), pod, client.DryRunAll, client.FieldValidation("Strict"))
					checkAdmitted(t, pod, class, err, level, i <= slices.Index(levels, k.PodSecurity.Level))
				}
			})
		}
	}
}

// checkAdmitted compares what the API server said of a pod with what the profile
// states.
func checkAdmitted(t *testing.T, pod *corev1.Pod, class *nodev1.RuntimeClass, err error, level string, want bool) {
	t.Helper()
	switch {
	case !want && (!apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "PodSecurity \""+level+":")):
		t.Errorf("level %q does not refuse the pod: %v", level, err)
	case want && err != nil:
		t.Errorf("level %q refuses the pod: %v", level, err)
	case want && pod.Spec.NodeSelector["has"] != "it":
		t.Errorf("the pod runs on other nodes than its class says: %v", pod.Spec.NodeSelector)
	case want && class.Overhead != nil && len(pod.Spec.Overhead) != len(class.Overhead.PodFixed):
		t.Errorf("the pod's overhead is %v, and its class's %v", pod.Spec.Overhead, class.Overhead.PodFixed)
	}
}

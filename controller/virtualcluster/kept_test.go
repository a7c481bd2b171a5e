package virtualcluster

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// formerProfile is the runtime profile of an older controller: its pods have a
// variable that ours do not.
type formerProfile struct{ profile.Profile }

var former = corev1.EnvVar{Name: "FORMER", Value: "yes"}

func (p formerProfile) PodShape(o profile.PodOptions) profile.PodShape {
	shape := p.Profile.PodShape(o)
	shape.Env = append(shape.Env, former)
	return shape
}

// formerCluster is one that an older controller made: of another template
// revision, pod shape, and node configuration than ours.
func (w *world) formerCluster(change ...func(*v1alpha1.VirtualCluster)) {
	w.t.Helper()
	profiles := w.opts.Profiles
	w.opts.Profiles = []profile.Profile{formerProfile{userns.New()}}
	w.newCluster("dev", change...)
	w.immortal("dev")
	w.opts.Profiles = profiles
	vc := w.vc("dev")
	vc.Status.Resolved.TemplateRevision = "0"
	w.updateStatus(vc)
	for _, obj := range w.owned("dev") {
		if cm, ok := obj.(*corev1.ConfigMap); ok {
			w.makeFormer(cm)
		}
	}
	w.witness.testify()
	w.witness = &witness{t: w.t} // of the older one nothing changes from here on
	w.immortal("dev")
}

// makeFormer gives a node configuration a field that ours does not have.
func (w *world) makeFormer(cm *corev1.ConfigMap) {
	w.t.Helper()
	ours, err := corev1ac.ExtractConfigMap(cm, v1alpha1.FieldOwner)
	if err != nil {
		w.t.Fatal(err)
	}
	ours.Data = map[string]string{"node.yaml": cm.Data["node.yaml"] + "zFormer: 1\n"}
	if err := w.client.Apply(w.t.Context(), ours, client.FieldOwner(v1alpha1.FieldOwner), client.ForceOwnership); err != nil {
		w.t.Fatal(err)
	}
}

// template is the pod template of a group, and config its configuration.
func (w *world) template(group string) corev1.PodTemplateSpec {
	w.t.Helper()
	set := &appsv1.StatefulSet{}
	w.get("dev-"+group, set)
	return set.Spec.Template
}

func (w *world) config(group string) map[string]any {
	w.t.Helper()
	cm := &corev1.ConfigMap{}
	w.get("dev-"+group, cm)
	var out map[string]any
	if err := yaml.Unmarshal([]byte(cm.Data["node.yaml"]), &out); err != nil {
		w.t.Fatal(err)
	}
	return out
}

// TestOutdatedUntouched: a newer controller changes nothing about the nodes of a cluster
// that an older one made, and says so.
func TestOutdatedUntouched(t *testing.T) {
	w := newWorld(t)
	w.formerCluster(withWorkers)
	server, pool, config := w.template("server"), w.template("a"), w.config("a")
	if !slices.Contains(server.Spec.Containers[0].Env, former) {
		t.Fatalf("the test's own older controller made %v", server.Spec.Containers[0].Env)
	}
	c := w.expect("dev", v1alpha1.ConditionUpToDate, no, v1alpha1.ReasonOutdated)
	for _, word := range []string{"revision 0", "keeps running", "create another one"} {
		if !strings.Contains(c.Message, word) {
			t.Errorf("the message does not say %q: %s", word, c.Message)
		}
	}
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)

	w.change("dev", func(s *v1alpha1.VirtualClusterSpec) { s.Pools[0].Replicas = ptr.To[int32](2) })
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
	if got := w.vc("dev").Status.Nodes; got != 3 {
		t.Errorf("%d nodes after the pool was scaled to 2, want 3", got)
	}
	expectSame(t, map[string]string{
		"template of the servers":   cmp.Diff(server, w.template("server")),
		"template of the pool":      cmp.Diff(pool, w.template("a")),
		"configuration of the pool": cmp.Diff(config, w.config("a")),
	})
	if more := w.immortal("dev"); more != 0 {
		t.Errorf("an outdated cluster that nobody changes costs %d writes", more)
	}
	w.witness.testify()
}

// TestOutdatedFollows: what the user asks of a group is no template.
func TestOutdatedFollows(t *testing.T) {
	w := newWorld(t)
	w.formerCluster(withWorkers)
	before := w.template("a")
	w.change("dev", func(s *v1alpha1.VirtualClusterSpec) {
		s.Pools[0].Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("2Gi")}
		s.Pools[0].NodeSelector = map[string]string{"disk": "ssd"}
		s.Pools[0].Labels = map[string]v1alpha1.LabelValue{"example.com/tier": "big"}
		s.Expose.ExtraSANs = []string{"api.example.com"}
	})
	w.immortal("dev")
	after := w.template("a")
	if got := after.Spec.Containers[0].Resources.Limits.Memory().String(); got != "2Gi" {
		t.Errorf("the memory limit is %s, want 2Gi", got)
	}
	if diff := cmp.Diff(map[string]string{"disk": "ssd"}, after.Spec.NodeSelector); diff != "" {
		t.Errorf("node selector: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(before.Spec.Containers[0].Env, after.Spec.Containers[0].Env); diff != "" {
		t.Errorf("the shape changed with it: -before +after:\n%s", diff)
	}
	config := w.config("a")
	if diff := cmp.Diff(map[string]any{"example.com/tier": "big"}, config["nodeLabels"]); diff != "" || config["zFormer"] == nil {
		t.Errorf("configuration %v, labels -want +got:\n%s", config, diff)
	}
	if sans, _ := w.config("server")["extraSANs"].([]any); len(sans) != 5 || sans[4] != "api.example.com" {
		t.Errorf("the names of the server are %v", sans)
	}
}

// TestOutdatedNewPool: a pool that comes new takes after the nodes that are
// there, and gets nothing that is for servers only.
func TestOutdatedNewPool(t *testing.T) {
	cases := map[string]struct {
		reason string
		before func(*v1alpha1.VirtualCluster)
	}{
		"AfterPool":   {"A pool is the closest there is.", withWorkers},
		"AfterServer": {"Without one it is the servers.", func(*v1alpha1.VirtualCluster) {}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.formerCluster(tc.before)
			w.change("dev", func(s *v1alpha1.VirtualClusterSpec) {
				s.Pools = append(s.Pools, v1alpha1.Pool{Name: "new", Storage: v1alpha1.Storage{Ephemeral: ptr.To(true)}})
			})
			w.immortal("dev")
			w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
			w.expectLike("new", "0")
			if more := w.immortal("dev"); more != 0 {
				t.Errorf("%s\nit costs %d more writes", tc.reason, more)
			}
		})
	}
}

// expectSame takes differences by what they are of, and wants none.
func expectSame(t *testing.T, diffs map[string]string) {
	t.Helper()
	for what, diff := range diffs {
		if diff != "" {
			t.Errorf("the %s changed: -before +after:\n%s", what, diff)
		}
	}
}

// expectLike compares a new pool of an outdated cluster with the one that this
// controller would make: it differs by what the older one did otherwise alone.
func (w *world) expectLike(pool, revision string) {
	w.t.Helper()
	set := &appsv1.StatefulSet{}
	w.get("dev-"+pool, set)
	kept := set.DeepCopy()
	config := w.config(pool)
	vc := w.vc("dev")
	if vc.Status.Resolved.TemplateRevision != revision {
		w.t.Errorf("the revision became %s", vc.Status.Resolved.TemplateRevision)
	}
	vc.Status.Resolved.TemplateRevision = cluster.TemplateRevision
	w.updateStatus(vc)
	w.immortal("dev")
	w.get("dev-"+pool, set)
	node := &kept.Spec.Template.Spec.Containers[0]
	if !slices.Contains(node.Env, former) {
		w.t.Errorf("the pool's variables are %v, want those of the older template", node.Env)
	}
	node.Env = slices.DeleteFunc(node.Env, func(e corev1.EnvVar) bool { return e == former })
	maps.DeleteFunc(kept.Spec.Template.Annotations, func(string, string) bool { return true })
	maps.DeleteFunc(set.Spec.Template.Annotations, func(string, string) bool { return true })
	if diff := cmp.Diff(set.Spec, kept.Spec); diff != "" {
		w.t.Errorf("the pool: -as made now +as kept:\n%s", diff)
	}
	if config["zFormer"] == nil {
		w.t.Error("the configuration has not the older one's form")
	}
	delete(config, "zFormer")
	if diff := cmp.Diff(w.config(pool), config); diff != "" {
		w.t.Errorf("the configuration: -as made now +as kept:\n%s", diff)
	}
}

// TestOutdatedServersGone: servers whose StatefulSet was deleted are made anew
// with what is for servers, whatever pools there are.
func TestOutdatedServersGone(t *testing.T) {
	w := newWorld(t)
	w.formerCluster(withWorkers)
	before := w.config("server")
	w.delete("dev-server", &appsv1.StatefulSet{})
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
	if diff := cmp.Diff(before, w.config("server")); diff != "" {
		t.Errorf("the configuration that the pinned image reads changed: -before +after:\n%s", diff)
	}
	if got := len(w.template("server").Spec.Containers[0].Ports); got != 2 {
		t.Errorf("the servers have %d ports, want those of the API and the guest", got)
	}
}

// TestOutdatedImage: another image for the same version is for new clusters.
func TestOutdatedImage(t *testing.T) {
	w := newWorld(t)
	w.newCluster("dev", withWorkers)
	w.immortal("dev")
	w.expect("dev", v1alpha1.ConditionUpToDate, yes, v1alpha1.ReasonCurrent)
	before := w.template("server")
	w.catalogue(catalogue.Single("v1.36.3", "localhost/vclusterctl/node:newer", v1alpha1.DistroK8s))
	w.immortal("dev")
	c := w.expect("dev", v1alpha1.ConditionUpToDate, no, v1alpha1.ReasonOutdated)
	if !strings.Contains(c.Message, "node:newer") {
		t.Errorf("the message does not name the image: %s", c.Message)
	}
	w.expect("dev", v1alpha1.ConditionReady, yes, v1alpha1.ReasonReady)
	if diff := cmp.Diff(before, w.template("server")); diff != "" {
		t.Errorf("the template changed: -before +after:\n%s", diff)
	}
	w.catalogue(catalogue.Single("v1.37.0", "localhost/vclusterctl/node:v1.37.0", v1alpha1.DistroK8s))
	w.immortal("dev")
	if c := w.expect("dev", v1alpha1.ConditionUpToDate, no, v1alpha1.ReasonOutdated); !strings.Contains(c.Message, "no longer in the catalogue") {
		t.Errorf("the message does not say that the version is gone: %s", c.Message)
	}
	if got := w.happened(v1alpha1.ReasonOutdated); got != 1 {
		t.Errorf("%d events tell of it, want 1", got)
	}
}

// catalogue makes the next controllers read another catalogue.
func (w *world) catalogue(c catalogue.Catalogue) {
	w.opts.Catalogue = func(context.Context) (catalogue.Catalogue, error) { return c, nil }
}

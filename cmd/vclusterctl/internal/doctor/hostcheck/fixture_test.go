package hostcheck

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	storagev1 "k8s.io/api/storage/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/install"
	"github.com/vclusterctl/vclusterctl/runtime/catalog"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

func testParams() Params {
	words := func(program string) func(...string) string {
		return func(w ...string) string { return program + " " + strings.Join(w, " ") }
	}
	return Params{Profiles: catalog.Profiles(), Program: "v1", Own: words("vclusterctl"), Kubectl: words("kubectl")}
}

// named are the parameters of one runtime that was asked for.
func named(t *testing.T, name v1alpha1.RuntimeProfile) Params {
	t.Helper()
	p, err := catalog.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	params := testParams()
	params.Profiles, params.Named = []profile.Profile{p}, true
	return params
}

// handler is one that says that it has user namespaces.
func handler(name string) corev1.NodeRuntimeHandler {
	return corev1.NodeRuntimeHandler{Name: name, Features: &corev1.NodeRuntimeHandlerFeatures{UserNamespaces: ptr.To(true)}}
}

// goodNode has everything that userns needs.
func goodNode(name string, changes ...func(*corev1.Node)) corev1.Node {
	p := userns.New()
	config, err := p.HostConfig(profile.HostOptions{ContainerdConfig: 3, Arch: "amd64"})
	if err != nil {
		panic(err)
	}
	n := corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: config.NodeLabels},
		Spec:       corev1.NodeSpec{PodCIDRs: []string{"10.1.0.0/24"}, PodCIDR: "10.1.0.0/24"},
		Status: corev1.NodeStatus{
			NodeInfo: corev1.NodeSystemInfo{
				OperatingSystem: "linux", Architecture: "amd64", KernelVersion: "6.12.9", KubeletVersion: "v1.36.3",
				ContainerRuntimeVersion: "containerd://2.3.4", OSImage: "Debian GNU/Linux 13 (trixie)",
			},
			RuntimeHandlers: []corev1.NodeRuntimeHandler{{Name: ""}, {Name: "runc"}, handler(userns.Handler)},
			Conditions:      []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady"}},
			Allocatable: corev1.ResourceList{
				corev1.ResourceCPU: resource.MustParse("8"), corev1.ResourceMemory: resource.MustParse("16Gi"), corev1.ResourcePods: resource.MustParse("110"),
			},
		},
	}
	for _, c := range changes {
		c(&n)
	}
	return n
}

func madeClass(t *testing.T, p profile.Profile) *nodev1.RuntimeClass {
	t.Helper()
	data, err := json.Marshal(p.RuntimeClass(profile.ClassOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	class := &nodev1.RuntimeClass{}
	if err := json.Unmarshal(data, class); err != nil {
		t.Fatal(err)
	}
	return class
}

// goodHost has nothing to complain about, on three nodes.
func goodHost(t *testing.T, changes ...func(*Observation)) *Observation {
	t.Helper()
	o := &Observation{Namespace: "team"}
	o.Version.Value = &version.Info{GitVersion: "v1.36.3"}
	o.Nodes.Value = []corev1.Node{goodNode("a"), goodNode("b"), goodNode("c")}
	o.Kubelets = map[string]doctor.Seen[Kubelet]{}
	for _, n := range o.Nodes.Value {
		o.Kubelets[n.Name] = doctor.Seen[Kubelet]{Value: Kubelet{PodPidsLimit: -1, SingleProcessOOMKill: ptr.To(true)}}
	}
	o.Classes.Value = []nodev1.RuntimeClass{*madeClass(t, userns.New())}
	o.Object.Value = &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "team"}}
	o.Storage.Value = []storagev1.StorageClass{{ObjectMeta: metav1.ObjectMeta{Name: "local-path", Annotations: map[string]string{defaultClass: "true"}}, Provisioner: "rancher.io/local-path"}}
	o.Daemons.Value = []appsv1.DaemonSet{{ObjectMeta: metav1.ObjectMeta{Name: "calico-node"}}}
	o.Definition.Value = &apiextensionsv1.CustomResourceDefinition{Status: apiextensionsv1.CustomResourceDefinitionStatus{
		Conditions: []apiextensionsv1.CustomResourceDefinitionCondition{{Type: apiextensionsv1.Established, Status: apiextensionsv1.ConditionTrue}},
	}}
	o.Controllers.Value = []appsv1.Deployment{{
		ObjectMeta: metav1.ObjectMeta{Namespace: "vclusterctl-system", Name: "vclusterctl", Labels: map[string]string{install.VersionLabel: "v1"}},
		Status:     appsv1.DeploymentStatus{AvailableReplicas: 1},
	}}
	o.Trials = map[v1alpha1.RuntimeProfile]doctor.Seen[string]{v1alpha1.RuntimeUserns: {}}
	for _, c := range changes {
		c(o)
	}
	return o
}

// onNode changes one node.
func onNode(name string, change func(*corev1.Node)) func(*Observation) {
	return func(o *Observation) {
		for i := range o.Nodes.Value {
			if o.Nodes.Value[i].Name == name {
				change(&o.Nodes.Value[i])
			}
		}
	}
}

// onNodes changes all of them.
func onNodes(change func(*corev1.Node)) func(*Observation) {
	return func(o *Observation) {
		for i := range o.Nodes.Value {
			change(&o.Nodes.Value[i])
		}
	}
}

// mayNot is what an API server says to who lacks a right.
func mayNot(verb, group, resource string) error {
	return apierrors.NewForbidden(schema.GroupResource{Group: group, Resource: resource}, "",
		fmt.Errorf("User %q cannot %s resource %q in API group %q at the cluster scope", "ann", verb, resource, group))
}

var aTime = metav1.NewTime(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))

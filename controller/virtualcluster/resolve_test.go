package virtualcluster

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

func TestChooseDistro(t *testing.T) {
	both := []v1alpha1.Distro{v1alpha1.DistroK8s, v1alpha1.DistroK3s}
	cases := map[string]struct {
		asked   v1alpha1.Distro
		carried []v1alpha1.Distro
		missing string // controllers that the second node lacks
		version string
		want    v1alpha1.Distro
		words   string
	}{
		"Default":      {"", both, "", "", v1alpha1.DistroK3s, "default"},
		"OnlyK8s":      {"", both[:1], "", "", v1alpha1.DistroK8s, "does not carry k3s"},
		"OnlyK8sShort": {"", both[:1], "cpu", "", v1alpha1.DistroK8s, "does not carry k3s"},
		"OnlyK3s":      {"", both[1:], "cpu", "", v1alpha1.DistroK3s, "only one"},
		"Short":        {"", both, "cpu.cpuset", "", v1alpha1.DistroK8s, `controllers cpu, cpuset, which node "b"`},
		"Asked":        {v1alpha1.DistroK8s, both, "", "", v1alpha1.DistroK8s, "spec.distro"},
		"AskedShort":   {v1alpha1.DistroK3s, both, "cpu", "", v1alpha1.DistroK3s, "spec.distro"},
		"OwnVersion":   {"", both, "cpu", "v1.36.3+k3s1", v1alpha1.DistroK3s, "only one"},
		"OtherVersion": {v1alpha1.DistroK8s, both, "", "v1.36.3+k3s1", "", ""},
		"NotCarried":   {v1alpha1.DistroK3s, both[:1], "", "", "", ""},
		"None":         {"", []v1alpha1.Distro{"other"}, "", "", "", ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := aScope()
			s.profiles, s.runtimeClasses = []profile.Profile{userns.New()}, hostClasses(t)
			s.nodes = []corev1.Node{{ObjectMeta: metav1.ObjectMeta{Name: "a"}}, {ObjectMeta: metav1.ObjectMeta{Name: "b"}}}
			offer(&s.nodes[0])
			offer(&s.nodes[1])
			s.vc.Spec.Distro, s.vc.Spec.Version = tc.asked, tc.version
			if tc.missing != "" {
				s.nodes[1].Labels = map[string]string{v1alpha1.NodeLabelMissingControllers: tc.missing}
			}
			got, why, err := s.chooseDistro(catalogue.Entry{
				Version: "v1.36.3", Image: "node", Distros: tc.carried,
				DistroVersions: map[v1alpha1.Distro]string{v1alpha1.DistroK3s: "v1.36.3+k3s1"},
			})
			if got != tc.want || !strings.Contains(why, tc.words) || (err == nil) != (tc.want != "") {
				t.Errorf("chooseDistro() = %q, %q, %v, want %q", got, why, err, tc.want)
			}
			if err != nil && reasonOf(err) != v1alpha1.ReasonDistroUnavailable {
				t.Errorf("the reason is %s", reasonOf(err))
			}
		})
	}
}

func TestDatastoreOf(t *testing.T) {
	kept, lost := v1alpha1.VirtualClusterSpec{}, v1alpha1.VirtualClusterSpec{}
	lost.Servers.Storage.Ephemeral = ptr.To(true)
	cases := map[string]struct {
		reason string
		distro v1alpha1.Distro
		spec   v1alpha1.VirtualClusterSpec
		want   string
	}{
		"K8s":          {"upstream Kubernetes has no other", v1alpha1.DistroK8s, lost, guestapi.DatastoreEtcd},
		"K3s":          {"what is to be kept is in etcd", v1alpha1.DistroK3s, kept, guestapi.DatastoreEtcd},
		"K3sEphemeral": {"what goes with its pod needs no etcd", v1alpha1.DistroK3s, lost, guestapi.DatastoreSQLite},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := datastoreOf(tc.distro, tc.spec); got != tc.want {
				t.Errorf("%s: got %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}

// TestFits: a setting that would do nothing is refused.
func TestFits(t *testing.T) {
	cases := map[string]struct {
		reason, datastore, key string
		refused                bool
	}{
		"Etcd":       {"there is an etcd to set", guestapi.DatastoreEtcd, "etcd.quota-backend-bytes", false},
		"SQLite":     {"there is none", guestapi.DatastoreSQLite, "etcd.quota-backend-bytes", true},
		"SQLiteElse": {"the rest is there", guestapi.DatastoreSQLite, "kubelet.max-pods", false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := fits(map[string]string{tc.key: "1"}, v1alpha1.Resolved{Datastore: tc.datastore})
			if (err != nil) != tc.refused || err != nil && !strings.Contains(err.Error(), tc.key) {
				t.Errorf("%s: got %v", tc.reason, err)
			}
		})
	}
}

// TestUnchanged: what a cluster was made with cannot be changed, only repeated.
func TestUnchanged(t *testing.T) {
	held := v1alpha1.Resolved{
		Distro: v1alpha1.DistroK8s, Version: "v1.36.3", Image: "node:1",
		PodCIDR: "10.244.0.0/16", ServiceCIDR: "10.96.0.0/16", ClusterDomain: "cluster.local",
	}
	cases := map[string]struct {
		spec  v1alpha1.VirtualClusterSpec
		field string
	}{
		"Open":     {v1alpha1.VirtualClusterSpec{}, ""},
		"Repeated": {v1alpha1.VirtualClusterSpec{Distro: "k8s", Version: "1.36", Network: v1alpha1.Network{PodCIDR: "10.244.0.0/16"}}, ""},
		"Distro":   {v1alpha1.VirtualClusterSpec{Distro: "k3s"}, "spec.distro"},
		"Version":  {v1alpha1.VirtualClusterSpec{Version: "v1.37.0"}, "spec.version"},
		"Image":    {v1alpha1.VirtualClusterSpec{Image: "node:2"}, "spec.image"},
		"Network":  {v1alpha1.VirtualClusterSpec{Network: v1alpha1.Network{ServiceCIDR: "10.97.0.0/16"}}, "spec.network.serviceCIDR"},
		"Domain":   {v1alpha1.VirtualClusterSpec{Network: v1alpha1.Network{ClusterDomain: "x.y"}}, "spec.network.clusterDomain"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := unchanged(tc.spec, held)
			if (err == nil) != (tc.field == "") || err != nil && !strings.Contains(err.Error(), tc.field) {
				t.Errorf("unchanged() = %v, want an error about %q", err, tc.field)
			}
		})
	}
}

// other is the userns profile under another name.
type other struct {
	userns.Profile

	name v1alpha1.RuntimeProfile
}

func (o other) Knowledge() profile.Knowledge {
	k := o.Profile.Knowledge()
	k.Name, k.ClassName = o.name, string(o.name)
	return k
}

// TestChooseRuntime: auto takes the strongest that the host offers, and a
// profile that was asked for is not replaced by another.
func TestChooseRuntime(t *testing.T) {
	profiles := []profile.Profile{other{userns.New(), "strong"}, other{userns.New(), "weak"}}
	cases := map[string]struct {
		asked   v1alpha1.RuntimeProfile
		offered []string
		want    string
		stop    string
		words   string
	}{
		"Strongest": {"", []string{"strong", "weak"}, "strong", "", ""},
		"Fallback":  {v1alpha1.RuntimeAuto, []string{"weak"}, "weak", "", ""},
		"Asked":     {"weak", []string{"strong", "weak"}, "weak", "", ""},
		"NotThere":  {"strong", []string{"weak"}, "", v1alpha1.ReasonRuntimeClassMissing, "strong"},
		"None":      {"", nil, "", v1alpha1.ReasonRuntimeClassMissing, "weak"},
		"Unknown":   {"kata", []string{"weak"}, "", v1alpha1.ReasonInvalidSpec, "kata"},
	}
	node := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "host-a"}}
	offer(&node)
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := aScope()
			s.profiles, s.nodes = profiles, []corev1.Node{node}
			s.vc.Spec.Runtime.Profile = tc.asked
			s.runtimeClasses = map[string]*nodev1.RuntimeClass{}
			for _, class := range tc.offered {
				s.runtimeClasses[class] = &nodev1.RuntimeClass{Handler: userns.Handler}
			}
			if err := chooseRuntime(s); err != nil {
				t.Fatal(err)
			}
			if tc.stop == "" {
				s.want(t, v1alpha1.ConditionRuntimeReady, yes, v1alpha1.ReasonReady)
				if got := s.vc.Status.Runtime.Servers; got != tc.want {
					t.Errorf("runtime is %q, want %q", got, tc.want)
				}
				return
			}
			if c := s.want(t, v1alpha1.ConditionRuntimeReady, no, tc.stop); !strings.Contains(c.Message, tc.words) {
				t.Errorf("the message does not say %q: %s", tc.words, c.Message)
			}
		})
	}
}

func TestEndpoint(t *testing.T) {
	balancer := func(ingress ...corev1.LoadBalancerIngress) *corev1.Service {
		s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "dev-api"}, Spec: corev1.ServiceSpec{ClusterIP: "10.0.0.7"}}
		s.Status.LoadBalancer.Ingress = ingress
		s.Spec.Ports = []corev1.ServicePort{{NodePort: 30123}}
		return s
	}
	node := func(name string, ready corev1.ConditionStatus, addresses ...corev1.NodeAddress) corev1.Node {
		return corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.NodeStatus{
			Addresses: addresses, Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: ready}},
		}}
	}
	internal := corev1.NodeAddress{Type: corev1.NodeInternalIP, Address: "192.0.2.1"}
	external := corev1.NodeAddress{Type: corev1.NodeExternalIP, Address: "198.51.100.1"}
	cases := map[string]struct {
		expose v1alpha1.ExposeType
		api    *corev1.Service
		nodes  []corev1.Node
		want   string
	}{
		"ClusterIP":    {"", balancer(), nil, "10.0.0.7:6443"},
		"BalancerIP":   {v1alpha1.ExposeLoadBalancer, balancer(corev1.LoadBalancerIngress{IP: "2001:db8::1"}), nil, "[2001:db8::1]:6443"},
		"BalancerName": {v1alpha1.ExposeLoadBalancer, balancer(corev1.LoadBalancerIngress{Hostname: "lb.example.com"}), nil, "lb.example.com:6443"},
		"BalancerNone": {v1alpha1.ExposeLoadBalancer, balancer(corev1.LoadBalancerIngress{}), nil, ""},
		"NodeExternal": {v1alpha1.ExposeNodePort, balancer(), []corev1.Node{node("a", nodeIsReady, internal), node("b", nodeIsReady, external)}, "198.51.100.1:30123"},
		"NodeInternal": {v1alpha1.ExposeNodePort, balancer(), []corev1.Node{node("a", corev1.ConditionFalse, external), node("b", nodeIsReady, internal)}, "192.0.2.1:30123"},
		"NodeNone":     {v1alpha1.ExposeNodePort, balancer(), nil, ""},
		"NodeNoPort":   {v1alpha1.ExposeNodePort, &corev1.Service{}, []corev1.Node{node("a", nodeIsReady, internal)}, ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, missing := endpointOf(tc.expose, tc.api, tc.nodes)
			if got != tc.want || (missing == "") != (tc.want != "") {
				t.Errorf("endpointOf() = %q, %q, want %q", got, missing, tc.want)
			}
		})
	}
}

const nodeIsReady = corev1.ConditionTrue

// TestDeletion: a cluster that is going is left to garbage collection, whatever
// state it is in.
func TestDeletion(t *testing.T) {
	w := newWorld(t)
	vc := w.newCluster("dev", func(vc *v1alpha1.VirtualCluster) { vc.Finalizers = []string{"example.com/somebody"} })
	w.settle("dev")
	for _, secret := range []string{"dev-identity", "dev-join"} {
		w.delete(secret, &corev1.Secret{})
	}
	if err := w.client.Delete(t.Context(), vc); err != nil {
		t.Fatal(err)
	}
	w.reports.tracked[w.key("dev")] = nil
	w.count.take()
	w.reconcile("dev")
	if writes := w.count.take(); len(writes) > 0 {
		t.Errorf("a cluster that is going costs %v", writes)
	}
	base := w.vc("dev")
	gone := base.DeepCopy()
	gone.Finalizers = nil
	if err := w.client.Patch(t.Context(), gone, client.MergeFrom(base)); err != nil {
		t.Fatal(err)
	}
}

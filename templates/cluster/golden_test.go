package cluster

import (
	"net/netip"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/test/golden"
)

// TestGolden holds every object of a cluster to the files of its variant.
func TestGolden(t *testing.T) {
	cases := map[string]struct {
		reason  string
		in      Input
		seccomp bool
		block   bool
	}{
		"minimal": {
			reason: "Everything left out: one server with a volume, reached inside the host.",
			in:     minimal(),
		},
		"full": {
			reason:  "Everything set: pools, scheduling, resources, exceptions, a node port, a seccomp profile.",
			in:      full(),
			seccomp: true,
		},
		"ephemeral": {
			reason: "State without a volume, behind a load balancer, on a host with two address families.",
			in:     ephemeralDualStack(),
		},
		"k3s": {
			reason: "Distro k3s has its state volume where K3s keeps its data; a pool is a worker of it.",
			in:     k3s(),
		},
		"alone": {
			reason: "Servers that are no nodes, a pool that runs the pods, and state on devices.",
			in:     alone(),
			block:  true,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for file, obj := range objects(t, tc.in, shape(tc.seccomp), tc.block) {
				compare(t, filepath.Join("testdata", name, file+".yaml"), tc.reason, obj)
			}
		})
	}
}

// objects builds all objects of a cluster, by the name of their golden file.
func objects(t *testing.T, in Input, shape profile.PodShape, block bool) map[string]any {
	t.Helper()
	out := map[string]any{
		"service-api":         APIService(in),
		"service-nodes":       NodesService(in),
		"networkpolicy-nodes": NodesPolicy(in),
		"networkpolicy-api":   APIPolicy(in),
		"secret-identity":     IdentitySecret(in, map[string][]byte{"ca.crt": []byte("x")}, map[string]string{"example.com/a": "b"}),
		"secret-join":         JoinSecret(in, map[string][]byte{"token": []byte("x")}),
		"secret-kubeconfig":   KubeconfigSecret(in, []byte("x")),
	}
	for _, g := range append([]Group{Servers(in.Spec)}, Pools(in.Spec)...) {
		g.Block = block
		set, err := StatefulSet(in, g, shape)
		if err != nil {
			t.Fatal(err)
		}
		config, err := ConfigMap(in, g)
		if err != nil {
			t.Fatal(err)
		}
		out["statefulset-"+g.Name], out["configmap-"+g.Name] = set, config
	}
	return out
}

// shape is what some runtime profile could make of a pod: the real ones have
// golden files of their own.
func shape(seccomp bool) profile.PodShape {
	security := corev1ac.SecurityContext().
		WithCapabilities(corev1ac.Capabilities().WithDrop("ALL").WithAdd("SYS_ADMIN")).
		WithProcMount(corev1.UnmaskedProcMount)
	out := profile.PodShape{
		RuntimeClassName: "a-runtime",
		Command:          []string{"/sbin/init"},
		Env:              []corev1.EnvVar{{Name: "container", Value: "oci"}},
		SecurityContext:  security,
	}
	if seccomp {
		security.WithSeccompProfile(corev1ac.SeccompProfile().
			WithType(corev1.SeccompProfileTypeLocalhost).WithLocalhostProfile("vclusterctl/profile.json"))
		out.NodeSelector = map[string]string{"seccomp.vclusterctl.dev/profile": "present"}
	}
	return out
}

func compare(t *testing.T, file, reason string, obj any) {
	t.Helper()
	got, err := yaml.Marshal(obj)
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, file, reason, got)
}

func minimal() Input {
	return Input{
		Name:      "dev",
		Namespace: "team",
		UID:       "4f3c",
		Resolved: v1alpha1.Resolved{
			Distro:           v1alpha1.DistroK8s,
			Version:          "v1.36.3",
			Image:            "localhost/vclusterctl/node:v1.36.3",
			PodCIDR:          "10.244.0.0/16",
			ServiceCIDR:      "10.96.0.0/16",
			ClusterDomain:    "cluster.local",
			Datastore:        "etcd",
			TemplateRevision: TemplateRevision,
		},
		APIAddress:   "10.215.3.4",
		IdentityKeys: []string{"sa.key", "ca.key", "ca.crt"},
		Host: HostNetwork{
			PodCIDRs:     []netip.Prefix{netip.MustParsePrefix("10.214.0.0/16")},
			ServiceCIDRs: []netip.Prefix{netip.MustParsePrefix("10.215.0.0/16")},
			APIEndpoints: []netip.Addr{netip.MustParseAddr("10.213.0.2")},
		},
		ControllerNamespace: "vclusterctl-system",
	}
}

func k3s() Input {
	in := minimal()
	in.Resolved.Distro, in.Resolved.Version = v1alpha1.DistroK3s, "v1.36.3+k3s1"
	in.Resolved.Datastore = "sqlite"
	in.IdentityKeys = []string{"server-ca.crt", "server-ca.key", "service.key"}
	in.Spec.Servers.Storage.Ephemeral = ptr.To(true)
	in.Spec.Pools = []v1alpha1.Pool{{Name: "work"}}
	return in
}

func alone() Input {
	in := minimal()
	in.Resolved.ControlPlaneOnly = ptr.To(true)
	in.Spec.Pools = []v1alpha1.Pool{{Name: "work"}}
	return in
}

func full() Input {
	in := minimal()
	in.Spec = v1alpha1.VirtualClusterSpec{
		ImagePullSecrets: []corev1.LocalObjectReference{{Name: "registry"}},
		Servers: v1alpha1.Servers{
			Resources: corev1.ResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1500m")},
				Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("2Gi")},
			},
			Storage:        v1alpha1.Storage{Size: ptr.To(resource.MustParse("20Gi")), ClassName: ptr.To("fast")},
			NodeScheduling: v1alpha1.NodeScheduling{NodeSelector: map[string]string{"disk": "ssd"}, PriorityClassName: "high"},
		},
		Pools: []v1alpha1.Pool{{
			Name:     "big",
			Replicas: ptr.To[int32](3),
			Labels:   map[string]v1alpha1.LabelValue{"example.com/tier": "big"},
			Taints: []v1alpha1.Taint{
				{Key: "example.com/only", Value: "big", Effect: corev1.TaintEffectNoSchedule},
				{Key: "example.com/all", Effect: corev1.TaintEffectNoExecute},
			},
			NodeScheduling: v1alpha1.NodeScheduling{
				Tolerations: []corev1.Toleration{
					{Key: "spot", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: ptr.To[int64](60)},
					{Key: "for", Value: "us"},
				},
				Affinity: affinityOf("zone-a"),
			},
		}},
		Network: v1alpha1.Network{Allow: []v1alpha1.NetworkRule{
			{CIDR: "10.0.0.8/32", Ports: []v1alpha1.NetworkPort{{Port: 5432}, {Protocol: corev1.ProtocolUDP, Port: 53}}},
			{CIDR: "169.254.20.10/32"},
		}},
		Expose: v1alpha1.Expose{
			Type:        v1alpha1.ExposeNodePort,
			Annotations: map[string]string{"example.com/a": "b"},
			ExtraSANs:   []string{"api.example.com", "192.0.2.7"},
		},
		Config: map[string]string{"kube-apiserver.event-ttl": "2h"},
	}
	return in
}

func ephemeralDualStack() Input {
	in := minimal()
	in.Spec.Servers.Storage = v1alpha1.Storage{Ephemeral: ptr.To(true)}
	in.Spec.Expose.Type = v1alpha1.ExposeLoadBalancer
	in.Host.PodCIDRs = append(in.Host.PodCIDRs, netip.MustParsePrefix("fd00:1::/64"))
	in.Host.APIEndpoints = append(in.Host.APIEndpoints, netip.MustParseAddr("2001:db8::1"))
	in.Host.NodeAddresses = []netip.Addr{netip.MustParseAddr("192.0.2.11"), netip.MustParseAddr("192.0.2.10"), netip.MustParseAddr("2001:db8::10")}
	return in
}

func affinityOf(zone string) *corev1.Affinity {
	return &corev1.Affinity{
		NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
			NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{{
				Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpIn, Values: []string{zone},
			}}}},
		}},
		PodAntiAffinity: &corev1.PodAntiAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{
			Weight: 10,
			PodAffinityTerm: corev1.PodAffinityTerm{
				TopologyKey:   corev1.LabelHostname,
				LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}},
			},
		}}},
	}
}

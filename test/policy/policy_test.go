package policy_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/charts"
	"github.com/vclusterctl/vclusterctl/runtime/catalog"
	runtimeprobe "github.com/vclusterctl/vclusterctl/runtime/probe"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/test/envtest"
)

func TestMain(m *testing.M) { envtest.Main(m) }

// install applies the policies of the chart.
func install(t *testing.T, c client.Client) {
	t.Helper()
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(charts.Cluster), 4096)
	found := 0
	for {
		u := &unstructured.Unstructured{}
		err := decoder.Decode(&u.Object)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(u.GetKind(), "ValidatingAdmissionPolicy") {
			continue
		}
		found++
		allowSite(t, u)
		if err := client.IgnoreAlreadyExists(c.Create(t.Context(), u)); err != nil {
			t.Fatal(err)
		}
	}
	if found != 4 {
		t.Fatalf("the chart has %d policies and bindings, and this test knows 4", found)
	}
}

// siteClasses are what the administrator allows with allow.ownKernelClasses.
const siteClasses = `,"kata.site-*","vm-?"]`

// allowSite has the policy for node pods let the classes of a site in, as the
// chart does.
func allowSite(t *testing.T, policy *unstructured.Unstructured) {
	t.Helper()
	variables, _, err := unstructured.NestedSlice(policy.Object, "spec", "variables")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range variables {
		if v, ok := v.(map[string]any); ok && v["name"] == "ownKernelClasses" {
			v["expression"] = strings.TrimSuffix(fmt.Sprint(v["expression"]), "]") + siteClasses
			if err := unstructured.SetNestedSlice(policy.Object, variables, "spec", "variables"); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	if policy.GetName() == "vclusterctl-node-pods" && policy.GetKind() == "ValidatingAdmissionPolicy" {
		t.Fatal("the policy names no classes whose pods have a kernel of their own")
	}
}

// nodePod is a node pod as the controller makes it under a runtime.
func nodePod(t *testing.T, p profile.Profile, namespace string) *corev1.Pod {
	t.Helper()
	pod, err := runtimeprobe.Pod(runtimeprobe.Options{
		Knowledge: p.Knowledge(), Shape: p.PodShape(profile.PodOptions{}), Node: "a", Namespace: namespace, Image: "node",
	})
	if err != nil {
		t.Fatal(err)
	}
	// The shape is what the policy is about, and the label whom it is about.
	pod.Labels = map[string]string{v1alpha1.LabelCluster: "dev"}
	pod.Spec.RuntimeClassName, pod.Spec.NodeName = nil, ""
	return pod
}

// settled waits until the API server has taken the policies in.
func settled(t *testing.T, refused func() error) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for refused() == nil {
		select {
		case <-deadline:
			t.Fatal("the policy refuses nothing")
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func hostPath(p *corev1.Pod) {
	p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: "h", VolumeSource: corev1.VolumeSource{
		HostPath: &corev1.HostPathVolumeSource{Path: "/"},
	}})
}

// crio asks CRI-O for users in words of one's own.
func crio(mode string) map[string]string { return map[string]string{profile.CRIOAnnotation: mode} }

// token is what the admission of ServiceAccounts adds.
func token(p *corev1.Pod) {
	p.Spec.ServiceAccountName = "default"
	p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: "token", VolumeSource: corev1.VolumeSource{
		Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{{
			ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token"},
		}}},
	}})
}

func TestNodePods(t *testing.T) {
	c := envtest.Client(t)
	install(t, c)
	ns := envtest.Namespace(t, c)
	if err := c.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "default"}}); err != nil {
		t.Fatal(err)
	}
	userns, err := catalog.Find(v1alpha1.RuntimeUserns)
	if err != nil {
		t.Fatal(err)
	}
	privileged := func(c *corev1.Container) {
		c.SecurityContext = &corev1.SecurityContext{Privileged: ptr.To(true)}
	}
	try := func(change func(*corev1.Pod)) error {
		pod := nodePod(t, userns, ns)
		change(pod)
		return c.Create(t.Context(), pod, client.DryRunAll)
	}
	// bare takes away what the API itself lets go with a user namespace only.
	bare := func(p *corev1.Pod) {
		p.Spec.HostUsers = nil
		p.Spec.Containers[0].SecurityContext.ProcMount = nil
	}
	// of is for pods of a RuntimeClass, without a user namespace.
	of := func(class string) func(*corev1.Pod) {
		if err := c.Create(t.Context(), &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: class}, Handler: "vm"}); err != nil {
			t.Fatal(err)
		}
		return func(p *corev1.Pod) {
			bare(p)
			p.Spec.RuntimeClassName = &class
		}
	}
	settled(t, func() error { return try(hostPath) })
	cases := map[string]struct {
		reason string
		change func(*corev1.Pod)
		want   string // part of the refusal; none where it is let in
	}{
		"AsMade":     {reason: "What the controller makes is let in.", change: func(*corev1.Pod) {}},
		"Privileged": {reason: "All rights on the host.", change: func(p *corev1.Pod) { bare(p); privileged(&p.Spec.Containers[0]) }, want: "must not be privileged"},
		"InitToo": {reason: "However it is called.", change: func(p *corev1.Pod) {
			bare(p)
			p.Spec.InitContainers = []corev1.Container{{Name: "i", Image: "x"}}
			privileged(&p.Spec.InitContainers[0])
		}, want: "must not be privileged"},
		"HostNetwork": {reason: "The host's network.", change: func(p *corev1.Pod) { bare(p); p.Spec.HostNetwork = true }, want: "share a namespace of its host"},
		"HostPID":     {reason: "The host's processes.", change: func(p *corev1.Pod) { bare(p); p.Spec.HostPID = true }, want: "share a namespace of its host"},
		"HostPath":    {reason: "The host's files.", change: hostPath, want: "hostPath"},
		"HostUsers":   {reason: "The host's users.", change: bare, want: "hostUsers false"},
		"CRIO":        {reason: "CRI-O may be asked in another way.", change: func(p *corev1.Pod) { bare(p); p.Annotations = profile.AskCRIO() }},
		"CRIOHost":    {reason: "In which one can ask for the host's users, too.", change: func(p *corev1.Pod) { bare(p); p.Annotations = crio("host") }, want: "hostUsers false"},
		"CRIOEmpty":   {reason: "Or for nothing.", change: func(p *corev1.Pod) { bare(p); p.Annotations = crio("") }, want: "hostUsers false"},
		"CRIOMapped": {reason: "Or for a map of one's own, with the host's root in it.", change: func(p *corev1.Pod) {
			bare(p)
			p.Annotations = crio("auto:size=65536;map-to-root=true;uidmapping=0:0:65536")
		}, want: "hostUsers false"},
		"OwnKernel": {reason: "A virtual machine has users of its own.", change: of("kata.site-clh")},
		"OneLetter": {reason: "However the administrator says it.", change: of("vm-2")},
		"Dot":       {reason: "A dot is a dot.", change: of("kata-site-clh"), want: "hostUsers false"},
		"Longer":    {reason: "A pattern is for all of the name.", change: of("vm-22"), want: "allow.ownKernelClasses"},
		"Before":    {reason: "From its beginning.", change: of("no-vm-2"), want: "hostUsers false"},
		"Token":     {reason: "A token of the host's API.", change: token, want: "token of its host's API"},
		"Other":     {reason: "Other pods are none of our business.", change: func(p *corev1.Pod) { bare(p); p.Labels = nil; privileged(&p.Spec.Containers[0]) }},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := try(tc.change)
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("%s refused: %v", tc.reason, err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("%s not refused with %q: %v", tc.reason, tc.want, err)
			}
		})
	}
	for _, p := range catalog.Profiles() {
		t.Run(string(p.Knowledge().Name), func(t *testing.T) {
			pod := nodePod(t, p, ns)
			if p.Knowledge().OwnKernel || pod.Spec.HostUsers == nil {
				t.Skip("its RuntimeClass would have to exist")
			}
			if err := c.Create(t.Context(), pod, client.DryRunAll); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestNodeLabels: the right to change nodes is one to set the labels of probes.
func TestNodeLabels(t *testing.T) {
	admin := envtest.Client(t)
	install(t, admin)
	const user = "system:serviceaccount:vclusterctl-system:vclusterctl"
	for _, obj := range []client.Object{
		&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "patch-nodes"}, Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"get", "patch"}}}},
		&rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "patch-nodes"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "patch-nodes"}, Subjects: []rbacv1.Subject{{Kind: "User", Name: user}}},
		&corev1.Node{ObjectMeta: metav1.ObjectMeta{
			Name: "labelled", Labels: map[string]string{"zone": "a"}, Finalizers: []string{"example.com/x"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "example.com/v1", Kind: "Machine", Name: "m", UID: "m"}},
		}},
	} {
		if err := admin.Create(t.Context(), obj); err != nil {
			t.Fatal(err)
		}
	}
	config := envtest.Config(t)
	config.Impersonate = rest.ImpersonationConfig{UserName: user}
	c, err := client.New(config, client.Options{Scheme: envtest.Scheme(t)})
	if err != nil {
		t.Fatal(err)
	}
	patch := func(body string) error {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "labelled"}}
		return c.Patch(t.Context(), node, client.RawPatch(types.MergePatchType, []byte(body)), client.DryRunAll)
	}
	settled(t, func() error { return patch(`{"spec":{"unschedulable":true}}`) })
	cases := map[string]struct {
		body string
		want string
	}{
		"Proven":     {body: `{"metadata":{"labels":{"` + runtimeprobe.NodeLabel("userns", true) + `":"proven"}}}`},
		"Unproven":   {body: `{"metadata":{"labels":{"` + runtimeprobe.NodeLabel("userns", true) + `":null}}}`},
		"Other":      {body: `{"metadata":{"labels":{"other":"x"}}}`, want: "no labels of a node but those of its probes"},
		"Changed":    {body: `{"metadata":{"labels":{"zone":"b"}}}`, want: "no labels of a node but those of its probes"},
		"Removed":    {body: `{"metadata":{"labels":{"zone":null}}}`, want: "no labels of a node but those of its probes"},
		"Taint":      {body: `{"spec":{"taints":[{"key":"x","effect":"NoSchedule"}]}}`, want: "nothing of a node but labels"},
		"Annotation": {body: `{"metadata":{"annotations":{"x":"y"}}}`, want: "nothing of a node but labels"},
		// An owner that is gone has the node collected, and a finalizer keeps it.
		"Owner":     {body: `{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"Node","name":"gone","uid":"1"}]}}`, want: "nothing of a node but labels"},
		"Disowned":  {body: `{"metadata":{"ownerReferences":null}}`, want: "nothing of a node but labels"},
		"Finalizer": {body: `{"metadata":{"finalizers":["example.com/x","example.com/y"]}}`, want: "nothing of a node but labels"},
		"Finalized": {body: `{"metadata":{"finalizers":null}}`, want: "nothing of a node but labels"},
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		t.Run(name, func(t *testing.T) {
			tc := cases[name]
			err := patch(tc.body)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

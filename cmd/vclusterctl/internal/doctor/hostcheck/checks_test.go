package hostcheck

import (
	"errors"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
	"github.com/vclusterctl/vclusterctl/runtime/sysbox"
)

// checkCase is a host, and what one check makes of it.
type checkCase struct {
	reason string
	change func(*Observation)
	// check and outcome are of the finding looked for.
	check   string
	outcome doctor.Outcome
	// found and fix are parts of its words, nodes those that it names.
	found, fix string
	nodes      []string
}

func runChecks(t *testing.T, cases map[string]checkCase) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o := goodHost(t)
			if tc.change != nil {
				tc.change(o)
			}
			var seen []string
			for _, f := range Examine(o, testParams()).Findings {
				if f.Check != tc.check {
					continue
				}
				if f.Outcome == tc.outcome && strings.Contains(f.Found, tc.found) && strings.Contains(f.Fix, tc.fix) && (tc.nodes == nil || slices.Equal(f.Nodes, tc.nodes)) {
					if f.Outcome != doctor.OK && f.Outcome != doctor.Unknown && (f.Fix == "" || f.Needed == "" && f.Group != "runtime userns") {
						t.Errorf("%s\nnobody knows what is needed or what to do: %+v", tc.reason, f)
					}
					return
				}
				seen = append(seen, string(f.Outcome)+": "+f.Found+" / "+f.Fix+" / "+strings.Join(f.Nodes, ","))
			}
			t.Errorf("%s\nwant %s %q / %q / %v, got:\n%s", tc.reason, tc.outcome, tc.found, tc.fix, tc.nodes, strings.Join(seen, "\n"))
		})
	}
}

func TestHostChecks(t *testing.T) {
	runChecks(t, map[string]checkCase{
		"Version":       {reason: "It is new enough.", check: checkVersion, outcome: doctor.OK, found: "v1.36.3"},
		"OldVersion":    {reason: "Before 1.33 user namespaces were off.", change: func(o *Observation) { o.Version.Value.GitVersion = "v1.32.9+k3s1" }, check: checkVersion, outcome: doctor.Problem, found: "v1.32.9", fix: "upgrade Kubernetes"},
		"OddVersion":    {reason: "What nobody can read is not old.", change: func(o *Observation) { o.Version.Value.GitVersion = "unknown" }, check: checkVersion, outcome: doctor.OK},
		"NoVersion":     {reason: "Some hosts do not say.", change: func(o *Observation) { o.Version.Err = errors.New("gone") }, check: checkVersion, outcome: doctor.Unknown, found: "gone"},
		"Storage":       {reason: "There is a default.", check: checkStorage, outcome: doctor.OK, found: "local-path"},
		"NoStorage":     {reason: "Ephemeral clusters need none.", change: func(o *Observation) { o.Storage.Value = nil }, check: checkStorage, outcome: doctor.Warning, fix: "servers.storage.ephemeral=true"},
		"NoDefault":     {reason: "A class can be named.", change: func(o *Observation) { o.Storage.Value[0].Annotations = nil }, check: checkStorage, outcome: doctor.Warning, fix: "kubectl annotate storageclass local-path " + defaultClass + "=true"},
		"NFS":           {reason: "NFS has no mapped ids.", change: func(o *Observation) { o.Storage.Value[0].Provisioner = "nfs.csi.k8s.io" }, check: checkStorage, outcome: doctor.Warning, found: "nfs.csi.k8s.io", fix: "servers.storage.className"},
		"StorageHidden": {reason: "Not everybody may see classes.", change: func(o *Observation) { o.Storage.Err = mayNot("list", "storage.k8s.io", "storageclasses") }, check: checkStorage, outcome: doctor.Unknown, found: "you may not list storageclasses.storage.k8s.io", fix: "right to list storageclasses"},

		"Engine":       {reason: "A known one.", check: checkNetworkPolicy, outcome: doctor.OK, found: "calico-node"},
		"NoEngine":     {reason: "That none is seen proves nothing.", change: func(o *Observation) { o.Daemons.Value = nil }, check: checkNetworkPolicy, outcome: doctor.Unknown, fix: "install one"},
		"K3s":          {reason: "K3s has one inside.", change: onNodes(func(n *corev1.Node) { n.Status.NodeInfo.KubeletVersion += "+k3s1" }), check: checkNetworkPolicy, outcome: doctor.OK, found: "K3s"},
		"OwnImage":     {reason: "So has our own image.", change: onNodes(func(n *corev1.Node) { n.Annotations = map[string]string{v1alpha1.NodeAnnotationDistros: "k8s=v1"} }), check: checkNetworkPolicy, outcome: doctor.OK, found: "kube-router"},
		"EngineHidden": {reason: "Who may not look does not know.", change: func(o *Observation) { o.Daemons.Err = mayNot("list", "apps", "daemonsets") }, check: checkNetworkPolicy, outcome: doctor.Unknown, found: "you may not list daemonsets.apps"},

		"Ranges":   {reason: "Nodes say theirs.", check: checkPodRanges, outcome: doctor.OK, found: "10.1.0.0/24"},
		"NoRanges": {reason: "Some network plug-ins have others.", change: onNode("b", func(n *corev1.Node) { n.Spec.PodCIDRs = nil }), check: checkPodRanges, outcome: doctor.Warning, fix: "kubectl edit deployment vclusterctl -n vclusterctl-system", nodes: []string{"b"}},
	})
}

func TestNodeChecks(t *testing.T) {
	notReady := func(n *corev1.Node) {
		n.Status.Conditions[0].Status, n.Status.Conditions[0].Message = corev1.ConditionUnknown, "Kubelet stopped posting"
	}
	runChecks(t, map[string]checkCase{
		"Usable":   {reason: "All of them.", check: checkUsable, outcome: doctor.OK, found: "3 nodes Ready"},
		"NotReady": {reason: "Nothing starts there.", change: onNode("b", notReady), check: checkUsable, outcome: doctor.Warning, found: "not Ready (Kubelet stopped posting)", fix: "kubectl describe node b", nodes: []string{"b"}},
		"Cordoned": {reason: "Nothing is placed there.", change: onNode("b", func(n *corev1.Node) { n.Spec.Unschedulable = true }), check: checkUsable, outcome: doctor.Warning, fix: "kubectl uncordon b", nodes: []string{"b"}},
		"Tainted":  {reason: "Only what tolerates it is placed there.", change: onNode("b", taint(corev1.TaintEffectNoSchedule)), check: checkUsable, outcome: doctor.Warning, found: "gpu=yes:NoSchedule", fix: "kubectl taint node b gpu=yes:NoSchedule-"},
		"Rather":   {reason: "A preference keeps nobody off.", change: onNode("b", taint(corev1.TaintEffectPreferNoSchedule)), check: checkUsable, outcome: doctor.OK, found: "3 nodes"},
		"Pressure": {reason: "Its kubelet evicts.", change: onNode("c", func(n *corev1.Node) {
			n.Status.Conditions = append(n.Status.Conditions, corev1.NodeCondition{Type: corev1.NodeDiskPressure, Status: corev1.ConditionTrue})
		}), check: checkPressure, outcome: doctor.Warning, found: "DiskPressure", nodes: []string{"c"}},
		"ARM":         {reason: "It is not what we test.", change: onNode("c", func(n *corev1.Node) { n.Status.NodeInfo.Architecture = "arm64" }), check: checkArchitecture, outcome: doctor.Warning, found: "arm64", nodes: []string{"c"}},
		"Strange":     {reason: "There is no image for it.", change: onNode("c", func(n *corev1.Node) { n.Status.NodeInfo.Architecture = "s390x" }), check: checkArchitecture, outcome: doctor.Warning, fix: "add nodes of architecture amd64"},
		"Controllers": {reason: "Limits do not hold there.", change: onNode("a", func(n *corev1.Node) { n.Labels[v1alpha1.NodeLabelMissingControllers] = "cpuset.memory" }), check: checkControllers, outcome: doctor.Warning, found: "cpuset, memory", nodes: []string{"a"}},

		"Kubelets":      {reason: "All is well.", check: checkKubelet, outcome: doctor.OK, found: "3 nodes"},
		"Pids":          {reason: "A node is many processes.", change: kubelet("a", Kubelet{PodPidsLimit: 1024}), check: checkKubelet, outcome: doctor.Warning, found: "podPidsLimit is 1024", fix: "podPidsLimit: 16384", nodes: []string{"a"}},
		"OOM":           {reason: "One pod inside takes all others along.", change: kubelet("a", Kubelet{SingleProcessOOMKill: ptr.To(false)}), check: checkKubelet, outcome: doctor.Warning, fix: "singleProcessOOMKill: true"},
		"Gate":          {reason: "Somebody turned it off.", change: kubelet("a", Kubelet{FeatureGates: map[string]bool{"UserNamespacesSupport": false}}), check: checkKubelet, outcome: doctor.Warning, fix: "featureGates"},
		"FewIDs":        {reason: "Users inside would not fit.", change: kubelet("a", withIDs(32768)), check: checkKubelet, outcome: doctor.Warning, found: "idsPerPod is 32768", fix: "idsPerPod: 65536", nodes: []string{"a"}},
		"IDs":           {reason: "They fit.", change: kubelet("a", withIDs(65536)), check: checkKubelet, outcome: doctor.OK, found: "3 nodes"},
		"Swap":          {reason: "What a server holds in memory may be on a disk.", change: kubelet("a", withSwap(false, "LimitedSwap")), check: checkKubelet, outcome: doctor.Warning, found: "LimitedSwap", fix: "swapBehavior: NoSwap", nodes: []string{"a"}},
		"SwapUnused":    {reason: "No pod gets any of it.", change: kubelet("a", withSwap(false, "NoSwap")), check: checkKubelet, outcome: doctor.OK, found: "3 nodes"},
		"NoSwap":        {reason: "The kubelet would not run where there is any.", change: kubelet("a", withSwap(true, "LimitedSwap")), check: checkKubelet, outcome: doctor.OK, found: "3 nodes"},
		"KubeletHidden": {reason: "It takes a right that few have.", change: func(o *Observation) { o.Kubelets["a"] = doctor.Seen[Kubelet]{Err: mayNot("get", "", "nodes/proxy")} }, check: checkKubelet, outcome: doctor.Unknown, found: "you may not get nodes/proxy", nodes: []string{"a"}},

		"Room":       {reason: "Nothing runs there.", check: checkCapacity, outcome: doctor.OK, found: "16.0 GiB of memory, 8 CPUs and 110 pods"},
		"Used":       {reason: "Others have requested it.", change: podsOn("a", "15800Mi", "b", "15800Mi", "c", "15800Mi"), check: checkCapacity, outcome: doctor.Warning, found: "hardly anything is left", fix: "kubectl describe node a", nodes: []string{"a", "b", "c"}},
		"OneFull":    {reason: "There are others.", change: podsOn("b", "16Gi"), check: checkCapacity, outcome: doctor.Warning, nodes: []string{"b"}},
		"PodsHidden": {reason: "Tenants may not see all pods.", change: func(o *Observation) { o.Pods.Err = mayNot("list", "", "pods") }, check: checkCapacity, outcome: doctor.Unknown, found: "you may not list pods"},
	})
}

func taint(effect corev1.TaintEffect) func(*corev1.Node) {
	return func(n *corev1.Node) { n.Spec.Taints = []corev1.Taint{{Key: "gpu", Value: "yes", Effect: effect}} }
}

func kubelet(node string, k Kubelet) func(*Observation) {
	return func(o *Observation) { o.Kubelets[node] = doctor.Seen[Kubelet]{Value: k} }
}

func withIDs(n int64) (k Kubelet) {
	k.UserNamespaces.IDsPerPod = n
	return k
}

func withSwap(fails bool, behaviour string) (k Kubelet) {
	k.FailSwapOn, k.MemorySwap.SwapBehavior = &fails, behaviour
	return k
}

// podsOn are pods that request memory: pairs of node and quantity.
func podsOn(pairs ...string) func(*Observation) {
	return func(o *Observation) {
		for pair := range slices.Chunk(pairs, 2) {
			o.Pods.Value = append(o.Pods.Value, corev1.Pod{Spec: corev1.PodSpec{
				NodeName:   pair[0],
				Containers: []corev1.Container{{Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(pair[1])}}}},
			}})
		}
	}
}

func TestRuntimeChecks(t *testing.T) {
	noHandler := func(n *corev1.Node) { n.Status.RuntimeHandlers = nil }
	runChecks(t, map[string]checkCase{
		"Class":   {reason: "It is there.", check: checkClass, outcome: doctor.OK, found: "vclusterctl-userns"},
		"NoClass": {reason: "The installer makes it.", change: func(o *Observation) { o.Classes.Value = nil }, check: checkClass, outcome: doctor.Warning, fix: "vclusterctl install"},
		"OddClass": {reason: "A user namespace must not be lost over a typo.", change: func(o *Observation) {
			o.Classes.Value[0].Annotations = map[string]string{profile.AnnotationUserNamespace: "maybe"}
		}, check: checkClass, outcome: doctor.Problem, found: `"maybe"`, fix: "kubectl annotate runtimeclass vclusterctl-userns"},
		"OddCgroup": {reason: "Nor a writable cgroup.", change: annotateClass("maybe"), check: checkClass, outcome: doctor.Problem, found: `"maybe"`, fix: profile.AnnotationWritableCgroup + "-"},
		"OddAwait": {reason: "Nor nodes that are to come.", change: func(o *Observation) {
			o.Classes.Value[0].Annotations = map[string]string{profile.AnnotationAwaitNodes: "ture"}
		}, check: checkClass, outcome: doctor.Problem, found: `"ture"`, fix: profile.AnnotationAwaitNodes + "-"},
		"ClassHidden": {reason: "Not everybody may see classes.", change: func(o *Observation) { o.Classes.Err = mayNot("list", "node.k8s.io", "runtimeclasses") }, check: checkClass, outcome: doctor.Unknown, found: "runtimeclasses.node.k8s.io"},
		"Kernel":      {reason: "It is said what there is, and what is needed.", check: checkKernel, outcome: doctor.OK, found: "6.12.9"},
		"OldKernel":   {reason: "Others have a newer one.", change: onNode("b", func(n *corev1.Node) { n.Status.NodeInfo.KernelVersion = "5.15.0" }), check: checkKernel, outcome: doctor.Warning, found: "the kernel is 5.15.0", fix: "upgrade the node's operating system", nodes: []string{"b"}},
		"AllOld":      {reason: "Then nothing can run.", change: onNodes(func(n *corev1.Node) { n.Status.NodeInfo.KernelVersion = "5.15.0" }), check: checkKernel, outcome: doctor.Problem, nodes: []string{"a", "b", "c"}},
		"Containerd":  {reason: "Without a writable cgroup systemd does not start.", change: onNodes(func(n *corev1.Node) { n.Status.NodeInfo.ContainerRuntimeVersion = "containerd://1.7.27" }), check: checkRuntime, outcome: doctor.Problem, fix: "upgrade containerd"},
		"CRIO":        {reason: "The profile knows containerd only.", change: onNode("a", func(n *corev1.Node) { n.Status.NodeInfo.ContainerRuntimeVersion = "cri-o://1.34.0" }), check: checkRuntime, outcome: doctor.Warning, found: "cri-o", nodes: []string{"a"}},
		"OnCRIO": {reason: "Its RuntimeClass says how it gets a writable cgroup.", change: func(o *Observation) {
			annotateClass(string(profile.CgroupByCRIOAnnotation))(o)
			onNodes(func(n *corev1.Node) { n.Status.NodeInfo.ContainerRuntimeVersion = "cri-o://1.34.0" })(o)
		}, check: checkRuntime, outcome: doctor.OK},
		"Kubelet":     {reason: "Nodes can be older than the API server.", change: onNode("a", func(n *corev1.Node) { n.Status.NodeInfo.KubeletVersion = "v1.31.0" }), check: checkKubeletAge, outcome: doctor.Warning, fix: "upgrade Kubernetes"},
		"NoHandler":   {reason: "It is a matter of one command.", change: onNodes(noHandler), check: checkHandler, outcome: doctor.Problem, found: `no handler "vclusterctl-userns"`, fix: "vclusterctl runtime install userns, which does this: add it to containerd's configuration"},
		"NoUserns":    {reason: "An old runc has none.", change: onNodes(func(n *corev1.Node) { n.Status.RuntimeHandlers[2].Features.UserNamespaces = ptr.To(false) }), check: checkUserns, outcome: doctor.Problem, fix: "runc 1.2"},
		"Windows":     {reason: "They carry nothing of ours.", change: onNode("c", func(n *corev1.Node) { n.Status.NodeInfo.OperatingSystem = "windows" }), check: checkOS, outcome: doctor.Warning, fix: "add a Linux node", nodes: []string{"c"}},
		"Seccomp":     {reason: "All have it.", check: checkSeccomp, outcome: doctor.OK},
		"NoSeccomp":   {reason: "Clusters run without, and say so.", change: onNodes(func(n *corev1.Node) { n.Labels = nil }), check: checkSeccomp, outcome: doctor.Warning, found: "run without seccomp", fix: "vclusterctl runtime install userns"},
		"SomeSeccomp": {reason: "Then nothing is placed on the others.", change: onNode("a", func(n *corev1.Node) { n.Labels = nil }), check: checkSeccomp, outcome: doctor.Warning, found: "no node pod is placed there", nodes: []string{"a"}},
		"Level":       {reason: "No label, no refusal.", check: checkPodSecurity, outcome: doctor.OK},
		"Baseline":    {reason: "It admits no added capability.", change: enforce("baseline"), check: checkPodSecurity, outcome: doctor.Problem, found: "enforces Pod Security level baseline", fix: "kubectl label --overwrite namespace team " + profile.LabelEnforce + "=privileged"},
		"Admitted":    {reason: "The API server said so.", check: checkAdmission, outcome: doctor.OK},
		"Refused": {reason: "In the policy's own words.", change: func(o *Observation) {
			o.Trials[v1alpha1.RuntimeUserns] = doctor.Seen[string]{Value: "denied by kyverno: no"}
		}, check: checkAdmission, outcome: doctor.Problem, found: "denied by kyverno: no"},
		"MayNotCreate": {reason: "Who may not make pods cannot ask.", change: func(o *Observation) {
			o.Trials[v1alpha1.RuntimeUserns] = doctor.Seen[string]{Err: mayNot("create", "", "pods")}
		}, check: checkAdmission, outcome: doctor.Unknown, found: "you may not create pods"},
		"Ubuntu": {reason: "Its AppArmor profile breaks Sysbox.", change: func(o *Observation) { withSysbox(t)(o); onNode("a", osImage("Ubuntu 25.10"))(o) }, check: checkTraps, outcome: doctor.Warning, found: "nestybox/sysbox#947", nodes: []string{"a"}},
		"Sysctl": {reason: "Only a pod shows it.", change: withSysbox(t), check: checkTraps, outcome: doctor.Warning, found: "nestybox/sysbox#1035"},
	})
}

// annotateClass says how pods get a writable cgroup.
func annotateClass(by string) func(*Observation) {
	return func(o *Observation) {
		o.Classes.Value[0].Annotations = map[string]string{profile.AnnotationWritableCgroup: by}
	}
}

func enforce(level string) func(*Observation) {
	return func(o *Observation) { o.Object.Value.Labels = map[string]string{profile.LabelEnforce: level} }
}

func osImage(s string) func(*corev1.Node) {
	return func(n *corev1.Node) { n.Status.NodeInfo.OSImage = s }
}

// withSysbox gives node a Sysbox.
func withSysbox(t *testing.T) func(*Observation) {
	t.Helper()
	class := *madeClass(t, sysbox.New())
	return func(o *Observation) {
		o.Classes.Value = append(o.Classes.Value, class)
		onNode("a", func(n *corev1.Node) {
			n.Labels[sysbox.NodeLabel] = sysbox.NodeLabelValue
			n.Status.RuntimeHandlers = append(n.Status.RuntimeHandlers, handler(sysbox.Handler))
		})(o)
	}
}

func TestAroundChecks(t *testing.T) {
	limit := func(memory string) func(*Observation) {
		return func(o *Observation) {
			o.Limits.Value = []corev1.LimitRange{{ObjectMeta: metav1.ObjectMeta{Name: "small"}, Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{
				Type: corev1.LimitTypeContainer, Default: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(memory)},
			}}}}}
		}
	}
	runChecks(t, map[string]checkCase{
		"Namespace":    {reason: "It is there.", check: checkNamespace, outcome: doctor.OK},
		"NoNamespace":  {reason: "One command makes it.", change: func(o *Observation) { o.Object.Err = notThere("namespaces", "team") }, check: checkNamespace, outcome: doctor.Problem, fix: "kubectl create namespace team"},
		"Leaving":      {reason: "Nothing can be made in it.", change: func(o *Observation) { o.Object.Value.DeletionTimestamp = &aTime }, check: checkNamespace, outcome: doctor.Problem, found: "being deleted", fix: "-n"},
		"NoLimits":     {reason: "None.", check: checkLimitRange, outcome: doctor.OK},
		"SmallLimit":   {reason: "A server would be killed.", change: limit("256Mi"), check: checkLimitRange, outcome: doctor.Warning, found: "a limit of 256Mi", fix: "servers.resources.limits.memory"},
		"LargeLimit":   {reason: "It is enough.", change: limit("4Gi"), check: checkLimitRange, outcome: doctor.OK},
		"Quota":        {reason: "None.", check: checkQuota, outcome: doctor.OK},
		"QuotaUsed":    {reason: "Nothing can be added.", change: quota("5", "5"), check: checkQuota, outcome: doctor.Warning, found: "all 5 of pods are used"},
		"QuotaLeft":    {reason: "There is room.", change: quota("4", "5"), check: checkQuota, outcome: doctor.OK},
		"Definition":   {reason: "It is served.", check: checkDefinition, outcome: doctor.OK},
		"NotServed":    {reason: "It is broken.", change: func(o *Observation) { o.Definition.Value = &apiextensionsv1.CustomResourceDefinition{} }, check: checkDefinition, outcome: doctor.Problem, fix: "kubectl describe crd"},
		"Controller":   {reason: "It runs.", check: checkInstalled, outcome: doctor.OK, found: "vclusterctl-system/vclusterctl runs"},
		"NotInstalled": {reason: "It is the next step.", change: notInstalled, check: checkInstalled, outcome: doctor.Warning, fix: "vclusterctl install"},
		"Broken": {reason: "Nobody would look after a cluster.", change: func(o *Observation) {
			o.Controllers.Value[0].Status.AvailableReplicas, o.Trouble = 0, "pod x cannot have its image"
		}, check: checkInstalled, outcome: doctor.Problem, found: "does not run: pod x cannot have its image", fix: "kubectl describe pods -n vclusterctl-system"},
		"Hidden": {reason: "Tenants may not see it.", change: func(o *Observation) { o.Controllers.Err = mayNot("list", "apps", "deployments") }, check: checkInstalled, outcome: doctor.Unknown, found: "you may not list deployments.apps"},
		"OtherOwner": {reason: "Older programs may not know what a newer controller does.", change: func(o *Observation) {
			o.Controllers.Value[0].Labels = map[string]string{"app.kubernetes.io/version": "v2"}
		}, check: checkControllerV, outcome: doctor.Warning, found: "the controller is v2, and this program v1"},
	})
}

func notInstalled(o *Observation) {
	o.Controllers.Value, o.Definition.Value, o.Classes.Value, o.Trials = []appsv1.Deployment{}, nil, nil, nil
}

func quota(used, hard string) func(*Observation) {
	return func(o *Observation) {
		o.Quotas.Value = []corev1.ResourceQuota{{ObjectMeta: metav1.ObjectMeta{Name: "q"}, Status: corev1.ResourceQuotaStatus{
			Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse(hard)}, Used: corev1.ResourceList{corev1.ResourcePods: resource.MustParse(used)},
		}}}
	}
}

// TestReasons: every reason of a profile's has a check, and its words can be
// parted into what is wrong and the remedy.
func TestReasons(t *testing.T) {
	for name, message := range map[string]string{
		profile.ReasonNotLinux:    "runs windows, and node pods need Linux: add a Linux node",
		profile.ReasonNotSelected: "", profile.ReasonKubeletTooOld: "", profile.ReasonKernelTooOld: "", profile.ReasonContainerdTooOld: "",
		profile.ReasonOtherRuntime: "", profile.ReasonHandlerMissing: "", profile.ReasonNoUserNamespaces: "", profile.ReasonFeaturesNotStated: "", profile.ReasonForeignHandler: "",
	} {
		if reasons[name].check == "" {
			t.Errorf("reason %s has no check", name)
		}
		if found, remedy := split(message); message != "" && (found != "runs windows, and node pods need Linux" || remedy != "add a Linux node") {
			t.Errorf("parted into %q and %q", found, remedy)
		}
	}
}

func TestProofChecks(t *testing.T) {
	degraded := func(o *Observation) {
		onNodesProof(v1alpha1.ProbePassed, "a")(o)
		p := o.Proofs.Value[Spot{v1alpha1.RuntimeUserns, "a"}]
		p.Checks = []v1alpha1.ProbeCheck{{Name: "overlay", Weight: v1alpha1.WeightComfort, Found: "EINVAL", Needed: "overlayfs", Remedy: "use kernel 5.13"}, {Name: "kmsg", Weight: v1alpha1.WeightComfort, Found: "EPERM", Remedy: unneeded + ": really"}}
		o.Proofs.Value[Spot{v1alpha1.RuntimeUserns, "a"}] = p
	}
	for _, f := range Examine(goodHost(t, degraded), testParams()).Findings {
		if strings.Contains(f.Found, "kmsg") {
			t.Errorf("what nobody needs is complained about: %+v", f)
		}
	}
	runChecks(t, map[string]checkCase{
		"Untried":  {reason: "A node's word is not a proof.", check: checkProbe, outcome: doctor.Unknown, found: "nobody has tried it", fix: "vclusterctl doctor --probe -n team", nodes: []string{"a", "b", "c"}},
		"Passed":   {reason: "Who tried it, and when.", change: onNodesProof(v1alpha1.ProbePassed, "a"), check: checkProbe, outcome: doctor.OK, found: "words (now)", nodes: []string{"a"}},
		"Others":   {reason: "The others were not tried.", change: onNodesProof(v1alpha1.ProbePassed, "a"), check: checkProbe, outcome: doctor.Unknown, nodes: []string{"b", "c"}},
		"Degraded": {reason: "It is known what is done without.", change: degraded, check: checkProbe, outcome: doctor.Warning, found: "overlay: EINVAL", fix: "use kernel 5.13", nodes: []string{"a"}},
		"Failed":   {reason: "In the words of the probe.", change: onNodesProof(v1alpha1.ProbeFailed, "a", "b"), check: checkProbe, outcome: doctor.Warning, found: "cgroup: read-only", fix: "set cgroup_writable", nodes: []string{"a", "b"}},
		"Nowhere":  {reason: "Then nothing can run.", change: onNodesProof(v1alpha1.ProbeFailed, "a", "b", "c"), check: checkProbe, outcome: doctor.Problem, nodes: []string{"a", "b", "c"}},
		"No":       {reason: "It came to nothing.", change: onNodesProof(v1alpha1.ProbeInconclusive, "a"), check: checkProbe, outcome: doctor.Unknown, found: "words", nodes: []string{"a"}},
	})
}

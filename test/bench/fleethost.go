package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlenvtest "sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/api/crds"
	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/charts"
	runtimeprobe "github.com/vclusterctl/vclusterctl/runtime/probe"
	"github.com/vclusterctl/vclusterctl/runtime/probe/finding"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

const (
	// probeNamespace is where the rendered manifests have probe pods made.
	probeNamespace = charts.Namespace + "-probes"
	// fleetNode is the one node of a fleet's host.
	fleetNode = "fleet"
)

// start starts the API server, and the controller by way of a proxy that counts.
func (f *fleet) start(ctx context.Context, cli, dir string) error {
	definitions, err := definitions()
	if err != nil {
		return err
	}
	f.env = &ctrlenvtest.Environment{
		BinaryAssetsDirectory: filepath.Join(filepath.Dir(filepath.Dir(cli)), "dist", "testbin"),
		CRDs:                  definitions,

		ControlPlaneStartTimeout: stepTimeout, ControlPlaneStopTimeout: stepTimeout,
	}
	if custom := os.Getenv("KUBEBUILDER_ASSETS"); custom != "" {
		f.env.BinaryAssetsDirectory = custom
	}
	// The default range of the test environment has 256 addresses.
	f.env.ControlPlane.GetAPIServer().Configure().Set("service-cluster-ip-range", "10.96.0.0/16")
	config, err := f.env.Start()
	if err != nil {
		return fmt.Errorf("start the API server: %w", err)
	}
	config.QPS = -1
	if f.admin, err = harness.NewCluster(config); err != nil {
		return err
	}
	if err := f.prepare(ctx); err != nil {
		return err
	}
	url, err := f.serve(ctx, config)
	if err != nil {
		return err
	}
	if err := f.control(ctx, cli, dir, url); err != nil {
		return err
	}
	return f.prove(ctx)
}

func definitions() ([]*apiextensionsv1.CustomResourceDefinition, error) {
	var out []*apiextensionsv1.CustomResourceDefinition
	for _, data := range crds.All() {
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict(data, crd); err != nil {
			return nil, fmt.Errorf("read a CustomResourceDefinition: %w", err)
		}
		out = append(out, crd)
	}
	return out, nil
}

// prepare makes what the controller asks the host for: a node with the runtime,
// and the namespaces.
func (f *fleet) prepare(ctx context.Context) error {
	for _, name := range []string{namespace, charts.Namespace, probeNamespace} {
		if err := f.admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			return err
		}
	}
	class := &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: userns.ClassName}, Handler: userns.Handler}
	if err := f.admin.Create(ctx, class); err != nil {
		return err
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: fleetNode}, Spec: corev1.NodeSpec{PodCIDR: "10.244.0.0/24", PodCIDRs: []string{"10.244.0.0/24"}}}
	if err := f.admin.Create(ctx, node); err != nil {
		return err
	}
	node.Status = corev1.NodeStatus{
		Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
		NodeInfo: corev1.NodeSystemInfo{
			OperatingSystem: "linux", KubeletVersion: "v1.36.3", KernelVersion: "6.18.0", ContainerRuntimeVersion: "containerd://2.4.2",
		},
		RuntimeHandlers: []corev1.NodeRuntimeHandler{{
			Name: userns.Handler, Features: &corev1.NodeRuntimeHandlerFeatures{UserNamespaces: ptr.To(true)},
		}},
	}
	return f.admin.Status().Update(ctx, node)
}

// prove does what kubelet and guest do with a probe pod, and waits until the
// controller has drawn its conclusion.
func (f *fleet) prove(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, stepTimeout, errors.New("no probe passed"))
	defer cancel()
	label := runtimeprobe.NodeLabel(v1alpha1.RuntimeUserns, true)
	return f.admin.Eventually(ctx, func() error {
		var pods corev1.PodList
		if err := f.admin.List(ctx, &pods, client.InNamespace(probeNamespace)); err != nil {
			return err
		}
		for i := range pods.Items {
			if err := f.endProbe(ctx, &pods.Items[i]); err != nil {
				return err
			}
		}
		var node corev1.Node
		if err := f.admin.Get(ctx, client.ObjectKey{Name: fleetNode}, &node); err != nil {
			return err
		}
		if node.Labels[label] != v1alpha1.NodeLabelProven || len(pods.Items) > 0 {
			return fmt.Errorf("node %q has the labels %v, and %d probe pods are there", fleetNode, node.Labels, len(pods.Items))
		}
		return nil
	})
}

func (f *fleet) endProbe(ctx context.Context, pod *corev1.Pod) error {
	var found []finding.Finding
	for _, name := range []string{
		finding.Systemd, finding.UserNamespace, finding.GroupMap, finding.Mount, finding.Cgroup, finding.Controllers, finding.Seccomp,
		finding.Overlay, finding.Sysctls, finding.Procfs, finding.Veth, finding.Bridge, finding.VXLAN, finding.BridgeFilter,
		finding.Nftables, finding.Iptables, finding.Ipset, finding.Kmsg,
	} {
		found = append(found, finding.Finding{Name: name, OK: true})
	}
	message, err := finding.New(found).Encode()
	if err != nil {
		return err
	}
	pod.Status.Phase = corev1.PodSucceeded
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: runtimeprobe.ContainerName, State: corev1.ContainerState{
		Terminated: &corev1.ContainerStateTerminated{Message: string(message), FinishedAt: metav1.NewTime(time.Now())},
	}}}
	return client.IgnoreNotFound(f.admin.Status().Update(ctx, pod))
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	ctrlenvtest "sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/api/crds"
	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// fleet is one controller, in a process of its own, with many clusters on a real
// API server behind which there are no kubelets and no other controllers. The
// benchmark makes the pods of StatefulSets itself; none ever starts.
type fleet struct {
	env     *ctrlenvtest.Environment
	admin   *harness.Cluster
	counter *counter
	server  *http.Server
	cmd     *exec.Cmd
}

// fleetOf measures what many clusters cost the controller.
func (b *bench) fleetOf(ctx context.Context) (sections []section, err error) {
	dir, err := os.MkdirTemp("", "vclusterctl-fleet-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	f := &fleet{}
	defer func() { err = errors.Join(err, f.stop()) }()
	if err := f.start(ctx, b.assets.CLI, dir); err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := f.create(ctx, b.fleet); err != nil {
		return nil, err
	}
	if err := f.awaitSets(ctx, b.fleet); err != nil {
		return nil, fmt.Errorf("%w; the controller's log: %s", err, tailOf(filepath.Join(dir, "controller.log")))
	}
	took := time.Since(begin)
	if err := f.makePods(ctx); err != nil {
		return nil, err
	}
	if err := f.awaitQuiet(ctx); err != nil {
		return nil, err
	}
	b.sayf("%d clusters made in %s", b.fleet, took)
	made, busy := f.counter.take(), f.use()
	if err := pause(ctx, watched); err != nil {
		return nil, err
	}
	waiting, idle := f.counter.take(), f.use()
	b.sayf("made: %v and %d reads; waiting: %v and %d reads", made.kinds, made.reads, waiting.kinds, waiting.reads)
	return []section{fleetSection(b.fleet, took, made, waiting, busy, idle)}, nil
}

func fleetSection(size int, took time.Duration, made, waiting tally, busy, idle process) section {
	n := float64(size)
	return section{title: fmt.Sprintf("One controller, %d clusters that wait for their pods", size), rows: []row{
		{name: "writes per cluster", unit: count, ours: series{float64(made.writes) / n}},
		{name: "rehearsals per cluster (dry run)", unit: count, ours: series{float64(made.dryRuns) / n}},
		{name: fmt.Sprintf("writes in %s of waiting, all clusters", watched), unit: whole, ours: series{float64(waiting.writes)}, target: zero},
		{name: fmt.Sprintf("reads in %s of waiting, all clusters", watched), unit: whole, ours: series{float64(waiting.reads)}},
		{name: "time per cluster to make its objects", unit: milli, ours: series{took.Seconds() / n}},
		{name: "processor time per cluster", unit: milli, ours: series{busy.cpu / n}},
		{name: fmt.Sprintf("processor time in %s of waiting", watched), unit: milli, ours: series{idle.cpu - busy.cpu}},
		{name: "resident memory, waiting", unit: mebi, ours: series{idle.resident}, target: slight},
		{name: "resident memory, at most", unit: mebi, ours: series{idle.peak}, target: slight},
	}}
}

// start starts the API server, and the controller by way of a proxy that counts.
func (f *fleet) start(ctx context.Context, cli, dir string) error {
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(crds.VirtualClusters, crd); err != nil {
		return err
	}
	f.env = &ctrlenvtest.Environment{
		BinaryAssetsDirectory: filepath.Join(filepath.Dir(filepath.Dir(cli)), "dist", "testbin"),
		CRDs:                  []*apiextensionsv1.CustomResourceDefinition{crd},
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
	return f.control(ctx, cli, dir, url)
}

// prepare makes what the controller asks the host for: a node with the runtime,
// and a namespace.
func (f *fleet) prepare(ctx context.Context) error {
	if err := f.admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}); err != nil {
		return err
	}
	class := &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: userns.ClassName}, Handler: userns.Handler}
	if err := f.admin.Create(ctx, class); err != nil {
		return err
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "fleet"}, Spec: corev1.NodeSpec{PodCIDR: "10.244.0.0/24", PodCIDRs: []string{"10.244.0.0/24"}}}
	if err := f.admin.Create(ctx, node); err != nil {
		return err
	}
	node.Status = corev1.NodeStatus{
		NodeInfo: corev1.NodeSystemInfo{
			OperatingSystem: "linux", KubeletVersion: "v1.36.3", KernelVersion: "6.18.0", ContainerRuntimeVersion: "containerd://2.4.2",
		},
		RuntimeHandlers: []corev1.NodeRuntimeHandler{{
			Name: userns.Handler, Features: &corev1.NodeRuntimeHandlerFeatures{UserNamespaces: ptr.To(true)},
		}},
	}
	return f.admin.Status().Update(ctx, node)
}

// control starts the controller, as "install" has it run but for its Lease.
func (f *fleet) control(ctx context.Context, cli, dir, url string) error {
	access := fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: fleet
clusters: [{name: fleet, cluster: {server: %q}}]
contexts: [{name: fleet, context: {cluster: fleet, user: fleet}}]
users: [{name: fleet, user: {}}]
`, url)
	path := filepath.Join(dir, "kubeconfig")
	if err := os.WriteFile(path, []byte(access), 0o600); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(dir, "controller.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	f.cmd = exec.CommandContext(ctx, cli, "controller", "--kubeconfig", path, "--namespace", namespace, "--metrics-bind-address=0", "--health-probe-bind-address=0")
	f.cmd.Stdout, f.cmd.Stderr = log, log
	f.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return f.cmd.Start()
}

// create makes all clusters, eight at a time.
func (f *fleet) create(ctx context.Context, size int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for i := range size {
		group.Go(func() error {
			return f.admin.Create(ctx, virtualCluster(v1alpha1.DistroK8s, fmt.Sprintf("fleet-%d", i), true))
		})
	}
	return group.Wait()
}

// awaitSets waits until every cluster has its StatefulSet, the last of its
// objects.
func (f *fleet) awaitSets(ctx context.Context, size int) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 2*stepTimeout, fmt.Errorf("%d clusters took more than %s", size, 2*stepTimeout))
	defer cancel()
	return f.admin.Eventually(ctx, func() error {
		var sets appsv1.StatefulSetList
		if err := f.admin.List(ctx, &sets); err != nil {
			return err
		}
		if len(sets.Items) < size {
			return fmt.Errorf("%d of %d clusters have their StatefulSet", len(sets.Items), size)
		}
		return nil
	})
}

// makePods does what the controller of StatefulSets would.
func (f *fleet) makePods(ctx context.Context) error {
	var sets appsv1.StatefulSetList
	if err := f.admin.List(ctx, &sets); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for _, set := range sets.Items {
		pod := &corev1.Pod{ObjectMeta: set.Spec.Template.ObjectMeta, Spec: set.Spec.Template.Spec}
		pod.Namespace, pod.Name = set.Namespace, set.Name+"-0"
		pod.Labels[appsv1.PodIndexLabel] = "0"
		pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(&set, appsv1.SchemeGroupVersion.WithKind("StatefulSet"))}
		group.Go(func() error { return f.admin.Create(ctx, pod) })
	}
	return group.Wait()
}

// awaitQuiet waits until nothing has been written for a while.
func (f *fleet) awaitQuiet(ctx context.Context) error {
	for before := -1; ; {
		now := f.counter.writes()
		if now == before {
			return nil
		}
		before = now
		if err := pause(ctx, settling/2); err != nil {
			return err
		}
	}
}

func (f *fleet) stop() error {
	var errs []error
	if f.cmd != nil && f.cmd.Process != nil {
		errs = append(errs, f.cmd.Process.Kill())
		_ = f.cmd.Wait() // it was killed
	}
	if f.server != nil {
		errs = append(errs, f.server.Close())
	}
	if f.env != nil {
		errs = append(errs, f.env.Stop())
	}
	return errors.Join(errs...)
}

// process is what the controller uses.
type process struct{ cpu, resident, peak float64 }

func (f *fleet) use() process {
	pid := f.cmd.Process.Pid
	var p process
	if stat, err := readStat(pid); err == nil {
		p.cpu = stat.self
	}
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return p
	}
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			continue
		}
		kib, _ := strconv.ParseFloat(fields[1], 64) // other lines hold no number
		switch fields[0] {
		case "VmRSS:":
			p.resident = kib * 1024
		case "VmHWM:":
			p.peak = kib * 1024
		}
	}
	return p
}

// tailOf is the end of a file, for an error message.
func tailOf(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(data[max(0, len(data)-2000):])
}

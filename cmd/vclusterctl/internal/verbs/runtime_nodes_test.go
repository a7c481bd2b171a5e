package verbs

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/install"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodeinstall"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
)

// kubelets play the nodes of a host: a pod on one of them ends at once with a
// report, and the node gets or loses the handler.
type kubelets struct {
	client.WithWatch

	reports map[string]nodeinstall.Report
	waiting string // reason for which pods never start
	hang    func() // is told of a pod that goes on for ever
	hangs   string // node of that pod, any if empty
	// last is what the program in that pod says when it is asked to end, and stays
	// is true where it does not end.
	last    *nodeinstall.Report
	stays   bool
	hanging string // name of that pod
	watched chan struct{}
	watches *sync.Mutex
	images  []string
	args    [][]string
	secrets []string
}

func (k *kubelets) create(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
	pod, ok := obj.(*corev1.Pod)
	if !ok {
		return c.Create(ctx, obj, opts...)
	}
	container := pod.Spec.Containers[0]
	k.images, k.args = append(k.images, container.Image), append(k.args, container.Args)
	for _, s := range pod.Spec.ImagePullSecrets {
		k.secrets = append(k.secrets, s.Name)
	}
	report := k.reports[pod.Spec.NodeName]
	report.Handler, report.Kind = userns.Handler, "containerd"
	data, err := json.Marshal(report)
	if err != nil {
		return err
	}
	state := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Message: string(data)}}
	if k.waiting != "" {
		state = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: k.waiting, Message: "no such image"}}
	}
	hangs := k.hang != nil && (k.hangs == "" || k.hangs == pod.Spec.NodeName)
	if hangs {
		state = corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{State: state}}
	if err := c.Create(ctx, pod, opts...); err != nil {
		return err
	}
	if hangs {
		k.watches.Lock()
		k.watched, k.hanging = make(chan struct{}), pod.Name
		k.watches.Unlock()
		k.hang()
	}
	if report.Error != "" || state.Terminated == nil {
		return nil
	}
	return k.turn(ctx, c, pod.Spec.NodeName, container.Args[1] == "install")
}

// Watch notes that somebody watches: the fake tells nothing of what came after a
// list and before that.
func (k *kubelets) Watch(ctx context.Context, list client.ObjectList, opts ...client.ListOption) (watch.Interface, error) {
	w, err := k.WithWatch.Watch(ctx, list, opts...)
	k.watches.Lock()
	defer k.watches.Unlock()
	of := client.ListOptions{}
	of.ApplyOptions(opts)
	if of.FieldSelector == nil || k.watched == nil {
		return w, err
	}
	if name, _ := of.FieldSelector.RequiresExactMatch("metadata.name"); name == k.hanging {
		close(k.watched)
		k.watched = nil
	}
	return w, err
}

// Delete has the program in a pod say its last words.
func (k *kubelets) Delete(ctx context.Context, obj client.Object, opts ...client.DeleteOption) error {
	pod, is := obj.(*corev1.Pod)
	if !is {
		return k.WithWatch.Delete(ctx, obj, opts...)
	}
	k.watches.Lock()
	watched := k.watched
	k.watches.Unlock()
	if watched != nil {
		<-watched
	}
	if k.last != nil {
		if err := k.sayLast(ctx, pod); err != nil {
			return err
		}
	}
	if k.stays {
		return nil
	}
	return k.WithWatch.Delete(ctx, obj, opts...)
}

func (k *kubelets) sayLast(ctx context.Context, pod *corev1.Pod) error {
	data, err := json.Marshal(k.last)
	if err != nil {
		return err
	}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Message: string(data)}}}}
	if err := k.Status().Update(ctx, pod); err != nil || k.last.Error != "" {
		return err
	}
	return k.turn(ctx, k.WithWatch, pod.Spec.NodeName, true)
}

// turn has a node say what it is to say afterwards.
func (k *kubelets) turn(ctx context.Context, c client.WithWatch, name string, has bool) error {
	var node corev1.Node
	if err := c.Get(ctx, client.ObjectKey{Name: name}, &node); err != nil {
		return err
	}
	node.Status.RuntimeHandlers = slices.DeleteFunc(node.Status.RuntimeHandlers, func(h corev1.NodeRuntimeHandler) bool { return h.Name == userns.Handler })
	if has {
		node.Status.RuntimeHandlers = append(node.Status.RuntimeHandlers, runtimeNode("x", userns.Handler).Status.RuntimeHandlers...)
	}
	return c.Status().Update(ctx, &node)
}

func withKubelets(t *testing.T, f *cli.Factory, k *kubelets, objects ...client.Object) {
	t.Helper()
	k.watches = &sync.Mutex{}
	byName := func(o client.Object) []string { return []string{o.GetName()} }
	k.WithWatch = &listThenWatch{fake.NewClientBuilder().WithScheme(cli.Scheme()).WithObjects(objects...).
		WithIndex(&corev1.Pod{}, "metadata.name", byName).WithIndex(&corev1.Node{}, "metadata.name", byName).
		WithIndex(&corev1.Namespace{}, "metadata.name", byName).
		WithInterceptorFuncs(interceptor.Funcs{Create: k.create}).Build()}
	f.Dial = func(*cli.Factory) (client.WithWatch, error) { return k, nil }
	f.Getenv = func(key string) string { return map[string]string{"KUBERNETES_SERVICE_HOST": "x"}[key] }
}

func readyNode(name string, changes ...func(*corev1.Node)) *corev1.Node {
	n := runtimeNode(name)
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	for _, change := range changes {
		change(n)
	}
	return n
}

func withHandler(n *corev1.Node) {
	n.Status.RuntimeHandlers = runtimeNode("x", userns.Handler).Status.RuntimeHandlers
}

func reports(outcomes ...nodeinstall.Report) map[string]nodeinstall.Report {
	all := map[string]nodeinstall.Report{}
	for i, r := range outcomes {
		all[string(rune('a'+i))] = r
	}
	return all
}

var setUp = nodeinstall.Report{Outcome: nodeinstall.Restarted, Labels: map[string]string{"seccomp": "present", "zone": "here"}}

func TestRuntimeInstallOnNodes(t *testing.T) {
	old := func(n *corev1.Node) { n.Status.NodeInfo.KernelVersion = "5.15.0" }
	away := func(n *corev1.Node) { n.Status.Conditions = nil }
	otherClass := usernsClass()
	otherClass.Handler = "mine"
	controller := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "x", Name: "vclusterctl", Labels: install.ControllerLabels()},
		Spec:       appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Image: "registry/controller:1"}}}}},
	}
	cases := map[string]struct {
		reason  string
		args    []string
		kubelet kubelets
		objects []client.Object
		code    int
		want    string // on standard output
		said    string
		pods    int
	}{
		"Both":    {reason: "One after the other, and the class.", kubelet: kubelets{reports: reports(setUp, setUp)}, objects: []client.Object{readyNode("a"), readyNode("b")}, want: "node/a set up, containerd restarted\nnode/b set up, containerd restarted\nruntimeclass.node.k8s.io/vclusterctl-userns created\n", pods: 2},
		"One":     {reason: "The one that was named.", args: []string{"--node=b"}, kubelet: kubelets{reports: reports(setUp, setUp)}, objects: []client.Object{readyNode("a"), readyNode("b"), usernsClass()}, want: "node/b set up, containerd restarted\n", pods: 1},
		"Again":   {reason: "Nothing changes.", kubelet: kubelets{reports: reports(nodeinstall.Report{Outcome: nodeinstall.Unchanged})}, objects: []client.Object{readyNode("a", withHandler), usernsClass()}, want: "node/a unchanged\n", pods: 1},
		"Fails":   {reason: "No node is touched after one that failed.", kubelet: kubelets{reports: reports(nodeinstall.Report{Error: "restart: no; everything was put back as it was"}, setUp)}, objects: []client.Object{readyNode("a"), readyNode("b")}, code: 1, said: `node "a": restart: no; everything was put back`, pods: 1},
		"Refused": {reason: "The node knows before it is changed.", kubelet: kubelets{reports: reports(nodeinstall.Report{Error: "no systemd", Refused: true})}, objects: []client.Object{readyNode("a")}, code: cli.ExitRefused, said: "no systemd", pods: 1},
		"Old":     {reason: "No handler helps an old kernel.", objects: []client.Object{readyNode("a", old)}, code: cli.ExitRefused, said: "upgrade the node's operating system"},
		"LeftOut": {reason: "The others are set up.", kubelet: kubelets{reports: reports(setUp, setUp)}, objects: []client.Object{readyNode("a", old), readyNode("b"), usernsClass()}, want: "node/b set up, containerd restarted\n", said: `Left out: node "a"`, pods: 1},
		"Away":    {reason: "It would not come back.", args: []string{"--node=a"}, objects: []client.Object{readyNode("a", away), readyNode("b")}, code: cli.ExitRefused, said: "vclusterctl runtime install userns --local\" on that node"},
		"NoSuch":  {reason: "A typo is told.", args: []string{"--node=c"}, objects: []client.Object{readyNode("a")}, code: cli.ExitNotFound, said: `no node "c"`},
		"Class":   {reason: "Pods would go elsewhere.", objects: []client.Object{readyNode("a"), otherClass}, code: cli.ExitRefused, said: `leads to handler "mine"`},
		"CRIO":    {reason: "The RuntimeClass says that it can be.", kubelet: kubelets{reports: reports(setUp)}, objects: []client.Object{readyNode("a", crio), crioClass("crio-annotation")}, want: "node/a set up, containerd restarted\n", pods: 1},
		"NoCRIO":  {reason: "It has no writable cgroup otherwise.", objects: []client.Object{readyNode("a", crio), usernsClass()}, code: cli.ExitRefused, said: "annotate the RuntimeClass"},
		"OddNote": {reason: "Pods would get something else.", objects: []client.Object{readyNode("a"), crioClass("maybe")}, code: cli.ExitRefused, said: `"maybe"`},
		"DryRun":  {reason: "Nothing is done.", args: []string{"--dry-run=server"}, objects: []client.Object{readyNode("a")}, want: "node/a set up (server dry run)\n"},
		"DryJSON": {reason: "Programs can read it.", args: []string{"--dry-run=server", "-o=json"}, objects: []client.Object{readyNode("a"), readyNode("b", old)}, want: "[\n  {\n    \"node\": \"a\",\n    \"outcome\": \"changed\"\n  }\n]\n", said: `Left out: node "b"`},
		"Image":   {reason: "Nodes can have the controller's.", kubelet: kubelets{reports: reports(setUp)}, objects: []client.Object{readyNode("a"), usernsClass(), controller}, want: "node/a set up, containerd restarted\n", pods: 1},
		"NoImage": {reason: "It does not come by waiting.", args: []string{"--timeout=1s"}, kubelet: kubelets{reports: reports(setUp), waiting: "ErrImagePull"}, objects: []client.Object{readyNode("a")}, code: 1, said: "ErrImagePull: no such image", pods: 1},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			withKubelets(t, f, &tc.kubelet, tc.objects...)
			code, said := call(t, f, NewCmdRuntime(f), append([]string{"install", "--timeout=10s"}, tc.args...)...)
			if code != tc.code || stdout(f) != tc.want || !strings.Contains(said, tc.said) {
				t.Errorf("%s exit code %d, want %d; printed:\n%s\nwant:\n%s\nsaid:\n%s", tc.reason, code, tc.code, stdout(f), tc.want, said)
			}
			if len(tc.kubelet.images) != tc.pods {
				t.Errorf("%d pods, want %d", len(tc.kubelet.images), tc.pods)
			}
			if name == "Image" && tc.kubelet.images[0] != "registry/controller:1" {
				t.Errorf("the image is %q", tc.kubelet.images[0])
			}
			tc.kubelet.checkClean(t)
		})
	}
}

// checkClean looks for what a run has left in the cluster.
func (k *kubelets) checkClean(t *testing.T) {
	t.Helper()
	var left corev1.NamespaceList
	if err := k.List(context.Background(), &left); err != nil {
		t.Fatal(err)
	}
	if len(left.Items) > 0 {
		t.Errorf("namespace %q is left", left.Items[0].Name)
	}
}

// What is told to the node is what was asked for here.
func TestRuntimeInstallArgs(t *testing.T) {
	f := testFactory(t)
	k := kubelets{reports: reports(setUp)}
	withKubelets(t, f, &k, readyNode("a"))
	if code, said := call(t, f, NewCmdRuntime(f), "install", "userns", "--for=k3s", "--cgroup-driver=cgroupfs", "--binary=/bin/crun", "--timeout=100s"); code != 0 {
		t.Fatal(said)
	}
	got := &RuntimeSetupOptions{Factory: testFactory(t)}
	verb := got.command("install", func(context.Context, *RuntimeSetupOptions) error { return nil })
	verb.Flags().StringVar(&got.Settings.CgroupDriver, "cgroup-driver", "", "")
	verb.Flags().StringVar(&got.Settings.OCIRuntime, "binary", "", "")
	verb.SetArgs(k.args[0][2:])
	if err := verb.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got.Kind != "k3s" || got.Settings.CgroupDriver != "cgroupfs" || got.Settings.OCIRuntime != "/bin/crun" || got.Timeout != 40*time.Second || !got.Local || got.Root != "/host" {
		t.Errorf("%+v from %q", got, k.args[0])
	}
}

// Labels that were there are not ours to take off.
func TestRuntimeLabels(t *testing.T) {
	f := testFactory(t)
	k := kubelets{reports: reports(setUp)}
	withKubelets(t, f, &k, readyNode("a", func(n *corev1.Node) { n.Labels = map[string]string{"zone": "here", "x": "y"} }))
	labels := func() map[string]string {
		var n corev1.Node
		if err := k.Get(t.Context(), client.ObjectKey{Name: "a"}, &n); err != nil {
			t.Fatal(err)
		}
		if noted := len(n.Annotations) > 0; noted != (n.Labels["seccomp"] != "") {
			t.Errorf("annotations %v beside labels %v", n.Annotations, n.Labels)
		}
		return n.Labels
	}
	for _, step := range []struct {
		verb string
		want map[string]string
	}{
		{"install", map[string]string{"zone": "here", "x": "y", "seccomp": "present"}},
		{"install", map[string]string{"zone": "here", "x": "y", "seccomp": "present"}},
		{"uninstall", map[string]string{"zone": "here", "x": "y"}},
		{"uninstall", map[string]string{"zone": "here", "x": "y"}},
	} {
		if code, said := call(t, f, NewCmdRuntime(f), step.verb); code != 0 {
			t.Fatal(said)
		}
		if diff := cmp.Diff(step.want, labels()); diff != "" {
			t.Errorf("%s: -want, +got:\n%s", step.verb, diff)
		}
	}
}

// What a run that was killed has left goes with the next one.
func TestRuntimeInstallSweeps(t *testing.T) {
	f := testFactory(t)
	k := kubelets{reports: reports(setUp)}
	left := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: "vclusterctl-runtime-left", CreationTimestamp: metav1.NewTime(f.Now().Add(-time.Hour)),
		Labels:      map[string]string{"vclusterctl.dev/made-for": "node-setup"},
		Annotations: map[string]string{"vclusterctl.dev/node-may-take": "5m0s"},
	}}
	withKubelets(t, f, &k, readyNode("a"), left)
	if code, said := call(t, f, NewCmdRuntime(f), "install"); code != 0 || !strings.Contains(said, "a run that was cut off has left") {
		t.Errorf("exit code %d: %s", code, said)
	}
	k.checkClean(t)
}

func TestRuntimeInstallUsage(t *testing.T) {
	for name, args := range map[string][]string{
		"Two": {"userns", "kata"}, "NoSuch": {"nope"}, "Kind": {"--for=docker"}, "LocalNode": {"--local", "--node=a"},
		"Root": {"--root=/host"}, "Timeout": {"--timeout=0s"}, "DryRun": {"--dry-run=maybe"},
	} {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			if code, said := call(t, f, NewCmdRuntime(f), append([]string{"install"}, args...)...); code != cli.ExitUsage {
				t.Errorf("exit code %d: %s", code, said)
			}
		})
	}
}

// IsWatchListSemanticsUnSupported tells client-go that the fake cannot stream a
// list.
func (*kubelets) IsWatchListSemanticsUnSupported() bool { return true }

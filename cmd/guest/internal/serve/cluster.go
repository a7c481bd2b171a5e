package serve

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

// watchCluster keeps the cluster part of the report true until ctx ends.
func (n *thisNode) watchCluster(ctx context.Context) error {
	config, err := clientcmd.BuildConfigFromFlags("", node.SuperAdminConfig)
	if err != nil {
		return fmt.Errorf("load the server's credentials: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	version, err := client.Discovery().ServerVersion()
	if err != nil {
		return fmt.Errorf("ask the API for its version: %w", err)
	}
	n.store.Update(func(r *guestapi.Report) { r.Version = version.GitVersion })

	go n.roster.run(ctx, client)
	core := client.CoreV1().RESTClient()
	accounts := cache.NewListWatchFromClient(core, "serviceaccounts", "default", fields.OneTermEqualSelector("metadata.name", "default"))
	go n.follow(ctx, accounts, &corev1.ServiceAccount{}, func(items []any) {
		if len(items) > 0 {
			n.store.Pass(guestapi.MilestoneServiceAccount)
			n.checkSchedulable()
		}
	})
	system := cache.NewListWatchFromClient(core, "namespaces", "", fields.OneTermEqualSelector("metadata.name", metav1.NamespaceSystem))
	go n.follow(ctx, system, &corev1.Namespace{}, n.nameState)
	nodes := cache.NewListWatchFromClient(core, "nodes", "", fields.Everything())
	n.follow(ctx, nodes, &corev1.Node{}, n.setNodes)
	return nil
}

// nameState names what is in the datastore.
func (n *thisNode) nameState(items []any) {
	for _, item := range items {
		uid := string(item.(*corev1.Namespace).UID)
		n.store.Update(func(r *guestapi.Report) { r.StateID = uid })
	}
}

// follow calls changed with everything in the cache after each event.
func (n *thisNode) follow(ctx context.Context, source cache.ListerWatcher, kind apiruntime.Object, changed func([]any)) {
	var store cache.Store
	call := func() { changed(store.List()) }
	var controller cache.Controller
	store, controller = cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: source,
		ObjectType:    kind,
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { call() },
			UpdateFunc: func(any, any) { call() },
			DeleteFunc: func(any) { call() },
		},
	})
	controller.RunWithContext(ctx)
}

func (n *thisNode) setNodes(items []any) {
	states := make([]guestapi.NodeState, 0, len(items))
	nodes := make([]*corev1.Node, 0, len(items))
	machine := n.store.Current().MachineID
	for _, item := range items {
		nodes = append(nodes, item.(*corev1.Node))
		states = append(states, n.sinceStart(stateOf(item.(*corev1.Node)), machine))
	}
	n.roster.see(nodes)
	slices.SortFunc(states, func(a, b guestapi.NodeState) int { return strings.Compare(a.Name, b.Name) })
	n.store.Update(func(r *guestapi.Report) { r.Nodes = states })
	for _, state := range states {
		if state.Name == n.name && state.Ready {
			n.store.Pass(guestapi.MilestoneNode)
		}
	}
	n.checkSchedulable()
}

// sinceStart takes back that this node is Ready where its kubelet said so before
// the node started: the datastore still holds that, and it is no word on now.
// Clocks jump, and the boot ID is that of the host's kernel, so the machine ID
// tells: a node gets another one with each start, and its kubelet states it
// together with being Ready.
func (n *thisNode) sinceStart(state guestapi.NodeState, machine string) guestapi.NodeState {
	if state.Name == n.name && machine != "" && state.MachineID != "" && state.MachineID != machine {
		state.Ready, state.Message = false, "its kubelet has not spoken since the node started"
	}
	return state
}

// stateOf reduces a node to what decides whether a pod can start on it.
func stateOf(item *corev1.Node) guestapi.NodeState {
	state := guestapi.NodeState{
		Name: item.Name, Version: item.Status.NodeInfo.KubeletVersion, Group: item.Labels[guestapi.NodeLabelGroup],
		MachineID: item.Status.NodeInfo.MachineID,
	}
	for _, condition := range item.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			state.Ready = condition.Status == corev1.ConditionTrue
			if !state.Ready {
				state.Message = condition.Message
			}
		}
	}
	return state
}

// checkSchedulable: a node that is Ready and the default ServiceAccount are all
// that a pod waits for. Ready includes the network, but not for K3s: it says so
// as soon as its CNI is configured, seconds before that has a subnet, and a pod
// made in between waits for its next try. Where this server is a node itself it
// has to be Ready: of the others nobody here knows yet whether they still are.
func (n *thisNode) checkSchedulable() {
	var schedulable bool
	// In one step: two who look at the same time must not overwrite each other
	// with what was true before.
	n.store.Update(func(r *guestapi.Report) {
		schedulable = slices.ContainsFunc(r.Nodes, func(s guestapi.NodeState) bool {
			return s.Ready && (s.Name == n.name || n.config.ControlPlaneOnly)
		}) &&
			passed(r, guestapi.MilestoneServiceAccount) &&
			(n.config.Distro != guestapi.DistroK3s || passed(r, guestapi.MilestoneNetwork))
		r.Schedulable = schedulable
	})
	if schedulable {
		n.store.Pass(guestapi.MilestoneSchedulable)
	}
}

func passed(r *guestapi.Report, milestone string) bool {
	return slices.ContainsFunc(r.Timeline, func(m guestapi.Milestone) bool { return m.Name == milestone })
}

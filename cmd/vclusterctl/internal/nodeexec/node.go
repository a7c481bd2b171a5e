package nodeexec

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/describe"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// DefaultNode is the node that is meant where none is named.
const DefaultNode = cluster.ServerGroup + "-0"

// Ref is what the user wrote as NAME or NAME/NODE.
type Ref struct {
	// Cluster is the name of the virtual cluster.
	Cluster string
	// Node is the name of a node as it is called inside, empty where none was
	// named.
	Node string
}

// ParseRef reads NAME or NAME/NODE.
func ParseRef(s string) (Ref, error) {
	name, node, both := strings.Cut(s, "/")
	if name == "" || both && node == "" || strings.Contains(node, "/") {
		return Ref{}, fmt.Errorf("%q: want NAME or NAME/NODE, for example dev or dev/%s", s, DefaultNode)
	}
	return Ref{Cluster: name, Node: node}, nil
}

// String is what ParseRef reads.
func (r Ref) String() string {
	if r.Node == "" {
		return r.Cluster
	}
	return r.Cluster + "/" + r.Node
}

// Node is a node of a virtual cluster, and where it runs on the host.
type Node struct {
	// Name is what the node is called inside.
	Name string
	// Namespace, Pod and Container are where it runs.
	Namespace, Pod, Container string
	// Running says whether its container runs: only then a program can be run
	// in it.
	Running bool
	// Ready says whether it serves.
	Ready bool
}

// NotFoundError says that a virtual cluster has no such node.
type NotFoundError struct {
	Ref Ref
	// Have are the nodes that it has.
	Have []string
}

// Error implements error.
func (e *NotFoundError) Error() string {
	if len(e.Have) == 0 {
		return fmt.Sprintf("virtual cluster %q has no nodes now", e.Ref.Cluster)
	}
	return fmt.Sprintf("virtual cluster %q has no node %q: it has %s", e.Ref.Cluster, e.Ref.Node, strings.Join(e.Have, ", "))
}

// List are the nodes of a virtual cluster, the servers first.
func List(ctx context.Context, c client.Reader, namespace, name string) ([]Node, error) {
	var pods corev1.PodList
	err := c.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabels{v1alpha1.LabelCluster: name})
	if err != nil {
		return nil, fmt.Errorf("list the node pods of %q: %w", name, err)
	}
	describe.SortPods(pods.Items)
	nodes := make([]Node, 0, len(pods.Items))
	for i := range pods.Items {
		if n, ok := Of(&pods.Items[i], name); ok {
			nodes = append(nodes, n)
		}
	}
	return nodes, nil
}

// Find is the node that a reference means, DefaultNode where it names none.
func Find(ctx context.Context, c client.Reader, namespace string, ref Ref) (Node, error) {
	if ref.Node == "" {
		ref.Node = DefaultNode
	}
	nodes, err := List(ctx, c, namespace, ref.Cluster)
	if err != nil {
		return Node{}, err
	}
	i := slices.IndexFunc(nodes, func(n Node) bool { return n.Name == ref.Node })
	if i < 0 {
		return Node{}, &NotFoundError{Ref: ref, Have: names(nodes)}
	}
	return nodes[i], nil
}

// Of reads a node of a virtual cluster from its pod. A pod that carries the
// cluster's label and is called otherwise is no node.
func Of(pod *corev1.Pod, name string) (Node, bool) {
	inside, ok := strings.CutPrefix(pod.Name, name+"-")
	n := Node{Name: inside, Namespace: pod.Namespace, Pod: pod.Name, Container: cluster.ContainerName}
	for _, s := range pod.Status.ContainerStatuses {
		if s.Name == n.Container {
			n.Running, n.Ready = s.State.Running != nil, s.Ready
		}
	}
	return n, ok && pod.Labels[v1alpha1.LabelPool] != ""
}

func names(nodes []Node) []string {
	all := make([]string, 0, len(nodes))
	for _, n := range nodes {
		all = append(all, n.Name)
	}
	return all
}

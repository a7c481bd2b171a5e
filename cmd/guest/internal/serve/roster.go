package serve

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// retryAfter is how long a server waits after the API refused to change a node.
const retryAfter = 5 * time.Second

// roster takes the nodes out of the cluster inside that are no longer wanted:
// nothing else does when a pool shrinks. Only nodes of pools that it has marked
// as ours while they were wanted, and whose kubelet has fallen silent, are taken
// out: one that boots says something. A tenant's own nodes are none of its
// business. What is wanted counts for as long as the controller that says so is
// there; the last word of one that died may be out of date.
type roster struct {
	self string
	log  *slog.Logger
	// wake holds one signal that something changed.
	wake chan struct{}

	mu         sync.Mutex
	wanted     map[string]int32
	said       context.Context //nolint:containedctx // that of the request that said what is wanted
	generation int64
	nodes      []*corev1.Node
}

func newRoster(self string, log *slog.Logger) *roster {
	return &roster{self: self, log: log, wake: make(chan struct{}, 1)}
}

// want takes in how many nodes each group is to have, until ctx ends. Whoever
// leaves out this very node does not mean this cluster.
func (r *roster) want(ctx context.Context, told guestapi.ReportRequest) {
	if !isWanted(told.Wanted, r.self) {
		r.log.Warn("ignored a list of wanted nodes without this one", "node", r.self)
		return
	}
	r.mu.Lock()
	if told.Generation >= r.generation {
		r.wanted, r.said, r.generation = maps.Clone(told.Wanted), ctx, told.Generation
	}
	r.mu.Unlock()
	r.signal()
}

// current is what is wanted, nil where nobody says so any more, and the nodes.
func (r *roster) current() (map[string]int32, []*corev1.Node) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.said == nil || r.said.Err() != nil {
		return nil, nil
	}
	return r.wanted, r.nodes
}

// see takes in the nodes that there are.
func (r *roster) see(nodes []*corev1.Node) {
	r.mu.Lock()
	r.nodes = nodes
	r.mu.Unlock()
	r.signal()
}

func (r *roster) signal() {
	select {
	case r.wake <- struct{}{}:
	default: // one is waiting already
	}
}

// run tidies up after every change until ctx ends.
func (r *roster) run(ctx context.Context, client kubernetes.Interface) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		}
		if err := r.tidy(ctx, client); err != nil {
			r.log.Warn("tidy up nodes", "error", err)
			time.AfterFunc(retryAfter, r.signal)
		}
	}
}

// tidy marks the wanted nodes as ours and takes out what is left of others.
func (r *roster) tidy(ctx context.Context, client kubernetes.Interface) error {
	wanted, nodes := r.current()
	if wanted == nil {
		return nil
	}
	for _, n := range nodes {
		var err error
		switch ours := n.Labels[guestapi.NodeLabelGroup] != ""; {
		case isWanted(wanted, n.Name) && !ours:
			err = mark(ctx, client, n)
		case !isWanted(wanted, n.Name) && ours && silent(n):
			r.log.Info("node is no longer wanted", "node", n.Name)
			err = remove(ctx, client, n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// silent says whether a node's kubelet has not been heard of for so long that
// the cluster inside has given it up. Servers are never taken for that.
func silent(n *corev1.Node) bool {
	if n.Labels[guestapi.NodeLabelGroup] == serverGroup {
		return false
	}
	return slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionUnknown
	})
}

// serverGroup is the group that servers are, whatever else there is.
const serverGroup = "server"

// isWanted says whether a node is one of a group that is to have it.
func isWanted(wanted map[string]int32, name string) bool {
	group, ordinal, ok := splitName(name)
	return ok && ordinal < int64(wanted[group])
}

func splitName(name string) (group string, ordinal int64, ok bool) {
	i := strings.LastIndexByte(name, '-')
	if i < 1 {
		return "", 0, false
	}
	ordinal, err := strconv.ParseInt(name[i+1:], 10, 32)
	// ParseInt takes more than our own spelling: "+1", "01".
	return name[:i], ordinal, err == nil && ordinal >= 0 && strconv.FormatInt(ordinal, 10) == name[i+1:]
}

func mark(ctx context.Context, client kubernetes.Interface, n *corev1.Node) error {
	group, _, _ := splitName(n.Name)
	patch := fmt.Sprintf(`{"metadata":{"labels":{%q:%q}}}`, guestapi.NodeLabelGroup, group)
	_, err := client.CoreV1().Nodes().Patch(ctx, n.Name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("mark node %s: %w", n.Name, err)
	}
	return nil
}

// remove deletes a node as it was seen: one that has come back meanwhile has
// another version, and stays.
func remove(ctx context.Context, client kubernetes.Interface, n *corev1.Node) error {
	err := client.CoreV1().Nodes().Delete(ctx, n.Name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &n.UID, ResourceVersion: &n.ResourceVersion},
	})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("remove node %s: %w", n.Name, err)
	}
	return nil
}

package serve

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
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
// nothing else does when a pool shrinks. Only nodes that it has marked as ours
// while they were wanted, and that are not Ready, are taken out; a tenant's own
// nodes are none of its business.
type roster struct {
	self string
	log  *slog.Logger
	// wake holds one signal that something changed.
	wake chan struct{}

	mu     sync.Mutex
	wanted map[string]int32
	nodes  []*corev1.Node
}

func newRoster(self string, log *slog.Logger) *roster {
	return &roster{self: self, log: log, wake: make(chan struct{}, 1)}
}

// want takes in how many nodes each group is to have. Whoever leaves out this
// very node does not mean this cluster.
func (r *roster) want(wanted map[string]int32) {
	if !isWanted(wanted, r.self) {
		r.log.Warn("ignored a list of wanted nodes without this one", "node", r.self)
		return
	}
	r.mu.Lock()
	r.wanted = maps.Clone(wanted)
	r.mu.Unlock()
	r.signal()
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
	r.mu.Lock()
	wanted, nodes := r.wanted, r.nodes
	r.mu.Unlock()
	if wanted == nil {
		return nil
	}
	for _, n := range nodes {
		var err error
		switch ours := n.Labels[guestapi.NodeLabelGroup] != ""; {
		case isWanted(wanted, n.Name) && !ours:
			err = mark(ctx, client, n)
		case !isWanted(wanted, n.Name) && ours && !stateOf(n).Ready:
			r.log.Info("node is no longer wanted", "node", n.Name)
			err = remove(ctx, client, n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

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

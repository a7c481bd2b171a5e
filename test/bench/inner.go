package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/images"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// Milestones of a cluster's boot as its user sees them, the same for a virtual
// cluster and for bare processes.
const (
	markAPI     = "API"
	markNode    = "Node"
	markCanRun  = "Schedulable"
	markRunning = "Running"
)

// mark notes that a milestone has passed.
type mark func(name string, at time.Time)

// observe follows a cluster from before its API serves until a pod runs in it.
//
// A cluster that comes back to its volume remembers a node that was Ready and a
// pod that ran: what counts is what was said, and started, from now on.
func observe(ctx context.Context, config *rest.Config, passed mark) error {
	began := time.Now().Truncate(time.Second) // as exact as times in the API
	config = rest.CopyConfig(config)
	// Clients of equal configuration share connections. A dialer of its own
	// keeps this one from those to a server that has gone.
	config.Dial = (&net.Dialer{Timeout: 200 * time.Millisecond}).DialContext
	if err := awaitAPI(ctx, config); err != nil {
		return fmt.Errorf("wait for the API: %w", err)
	}
	passed(markAPI, time.Now())
	inner, err := harness.NewCluster(config)
	if err != nil {
		return err
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "server-0"}}
	if _, err := harness.Await(ctx, inner, node, readySince(began)); err != nil {
		return err
	}
	passed(markNode, time.Now())
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "default"}}
	exists := func(*corev1.ServiceAccount) (bool, string) { return true, "" }
	if _, err := harness.Await(ctx, inner, account, exists); err != nil {
		return err
	}
	if _, err := harness.Await(ctx, inner, node, networked); err != nil {
		return err
	}
	passed(markCanRun, time.Now())
	return runPod(ctx, inner, began, passed)
}

// awaitAPI asks every 20 ms: before it serves there is nothing to watch.
func awaitAPI(ctx context.Context, config *rest.Config) error {
	config = rest.CopyConfig(config)
	config.Timeout = time.Second
	caller, err := rest.HTTPClientFor(config)
	if err != nil {
		return err
	}
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		if err = ask(ctx, caller, config.Host+"/readyz"); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-ticker.C:
		}
	}
}

func ask(ctx context.Context, caller *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := caller.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return nil
}

func readySince(began time.Time) func(*corev1.Node) (bool, string) {
	return func(n *corev1.Node) (bool, string) {
		for _, c := range n.Status.Conditions {
			if c.Type == corev1.NodeReady {
				return c.Status == corev1.ConditionTrue && !c.LastHeartbeatTime.Time.Before(began), c.Message
			}
		}
		return false, "it has no condition Ready"
	}
}

// networked says whether flannel has given the node its network. K3s calls its
// node Ready before that, and a pod made in between loses some ten seconds: the
// kubelet tries again that much later.
func networked(n *corev1.Node) (bool, string) {
	_, ok := n.Annotations["flannel.alpha.coreos.com/backend-data"]
	return ok, "flannel has not given it a network"
}

// runPod waits until a pod runs. It starts it as soon as one can; after a restart
// it is that of before, which users would wait for, too.
func runPod(ctx context.Context, inner *harness.Cluster, began time.Time, passed mark) error {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "first"},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: ptr.To[int64](0),
			AutomountServiceAccountToken:  ptr.To(false),
			Containers:                    []corev1.Container{{Name: "main", Image: images.Ref(images.Busybox), Command: []string{"sleep", "infinity"}}},
		},
	}
	if err := inner.Create(ctx, pod); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("make the first pod: %w", err)
	}
	if _, err := harness.Await(ctx, inner, pod, runsSince(began)); err != nil {
		return err
	}
	passed(markRunning, time.Now())
	return nil
}

func runsSince(began time.Time) func(*corev1.Pod) (bool, string) {
	return func(p *corev1.Pod) (bool, string) {
		for _, c := range p.Status.ContainerStatuses {
			if c.State.Running != nil {
				return !c.State.Running.StartedAt.Time.Before(began), "it runs since " + c.State.Running.StartedAt.String()
			}
		}
		return false, string(p.Status.Phase)
	}
}

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

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
func observe(ctx context.Context, config *rest.Config, passed mark) error {
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
	if _, err := harness.Await(ctx, inner, node, nodeReady); err != nil {
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
	return runPod(ctx, inner, passed)
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

func nodeReady(n *corev1.Node) (bool, string) {
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue, c.Message
		}
	}
	return false, "it has no condition Ready"
}

// networked says whether flannel has given the node its network. K3s calls its
// node Ready before that, and a pod made in between loses some ten seconds: the
// kubelet tries again that much later.
func networked(n *corev1.Node) (bool, string) {
	_, ok := n.Annotations["flannel.alpha.coreos.com/backend-data"]
	return ok, "flannel has not given it a network"
}

// runPod starts a pod as soon as one can and waits until it runs.
func runPod(ctx context.Context, inner *harness.Cluster, passed mark) error {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "first"},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: ptr.To[int64](0),
			AutomountServiceAccountToken:  ptr.To(false),
			Containers:                    []corev1.Container{{Name: "main", Image: images.Ref(images.Busybox), Command: []string{"sleep", "infinity"}}},
		},
	}
	// After a restart the one of before is there.
	if err := client.IgnoreNotFound(inner.Delete(ctx, pod.DeepCopy(), client.GracePeriodSeconds(0))); err != nil {
		return err
	}
	if err := inner.Create(ctx, pod); err != nil {
		return fmt.Errorf("make the first pod: %w", err)
	}
	running := func(p *corev1.Pod) (bool, string) {
		return p.Status.Phase == corev1.PodRunning, string(p.Status.Phase)
	}
	if _, err := harness.Await(ctx, inner, pod, running); err != nil {
		return err
	}
	passed(markRunning, time.Now())
	return nil
}

package rejoin

import (
	"context"
	"net/netip"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// lookTimeout is how long one look may take.
const lookTimeout = 5 * time.Second

// flannelMark is what flannel puts on the node that it has made a network for.
const flannelMark = "flannel.alpha.coreos.com/kube-subnet-manager"

// Looker asks the cluster as the node itself: each kubelet may read its own node.
type Looker struct {
	Node string
	// Kubeconfig is the file with the kubelet's own access.
	Kubeconfig string
	// Subnet is the part of the pod range that the pod network was made for, not
	// valid where there is none yet.
	Subnet func() netip.Prefix
	// Settle takes off the node what is left of subnets other than the given one.
	Settle func(context.Context, netip.Prefix)

	client kubernetes.Interface
}

// Look asks once. What goes wrong is left to the next time.
func (l *Looker) Look(ctx context.Context) Finding {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	client, err := l.access()
	if err != nil {
		return Unknown
	}
	item, err := client.CoreV1().Nodes().Get(ctx, l.Node, metav1.GetOptions{})
	if err != nil && !gone(err) {
		l.client = nil // the credentials may be others by now
		return Unknown
	}
	if err != nil {
		return Absent
	}
	subnet := l.Subnet()
	found := judge(item, subnet)
	if found == Member && subnet.IsValid() {
		l.Settle(ctx, subnet)
	}
	return found
}

func (l *Looker) access() (kubernetes.Interface, error) {
	if l.client != nil {
		return l.client, nil
	}
	config, err := clientcmd.BuildConfigFromFlags("", l.Kubeconfig)
	if err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	l.client = client
	return client, nil
}

// gone is true only for the word of the API itself that there is no such
// object. A proxy, or a server that is about to start, answers 404 as well.
func gone(err error) bool {
	return apierrors.IsNotFound(err) && !apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse)
}

// judge compares the node of the cluster with the pod network of this one. As
// long as there is no network, or the node has no subnet, both come by
// themselves.
func judge(item *corev1.Node, subnet netip.Prefix) Finding {
	cidr, err := netip.ParsePrefix(item.Spec.PodCIDR)
	if err != nil || !subnet.IsValid() {
		return Member
	}
	if cidr.Masked() != subnet.Masked() || item.Annotations[flannelMark] != "true" {
		return Unrouted
	}
	return Member
}

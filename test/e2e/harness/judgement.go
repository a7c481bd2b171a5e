package harness

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// spokenPatience is that for who doubts nodes that the cluster inside calls Ready:
// of one that has started again it says so for up to 50 s before its kubelet has
// spoken, and whoever knows that is right to doubt.
const spokenPatience = patience + 50*time.Second

// access is a kubeconfig that the Secret of a cluster held, and the API as its
// user sees it.
type access struct {
	kubeconfig []byte
	cluster    *Cluster
}

// judgeKubeconfig holds what is said of the kubeconfig against what the one in the
// Secret is good for. While the API does not serve nobody can tell.
func (w *Witness) judgeKubeconfig(ctx context.Context, vc *v1alpha1.VirtualCluster, serves error) {
	var said metav1.Condition
	if c := meta.FindStatusCondition(vc.Status.Conditions, v1alpha1.ConditionKubeconfigReady); c != nil && serves == nil {
		said = *c
	}
	var refused error
	judged := said.Type != ""
	if judged {
		judged, refused = w.tryKubeconfig(ctx)
	}
	if ctx.Err() != nil {
		return
	}
	yes, no := judged && said.Status == metav1.ConditionTrue, judged && said.Status == metav1.ConditionFalse
	w.note(patience, yes && refused != nil && w.led(ctx), "KubeconfigReady is True and the kubeconfig in the Secret does not lead to the API (%v)", refused)
	w.note(patience, no && refused == nil && w.led(ctx), "KubeconfigReady is False and the kubeconfig in the Secret leads to the API: %s", said.Message)
}

// tryKubeconfig asks the API as the user of the kubeconfig that the Secret holds
// now. It can't be told where the host does not say what that is.
func (w *Witness) tryKubeconfig(ctx context.Context) (told bool, refused error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	data, err := w.host.KubeconfigOf(ctx, w.vc)
	if err != nil {
		return apierrors.IsNotFound(err), err
	}
	if w.user.cluster == nil || !bytes.Equal(w.user.kubeconfig, data) {
		c, err := w.connect(data)
		if err != nil {
			return true, err
		}
		w.user = access{kubeconfig: data, cluster: c}
	}
	var list metav1.PartialObjectMetadataList
	list.SetGroupVersionKind(namespaces)
	return true, w.user.cluster.List(ctx, &list, client.Limit(1))
}

// connect makes the clients of who has a kubeconfig.
func connect(kubeconfig []byte) (*Cluster, error) {
	config, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("read a kubeconfig: %w", err)
	}
	return NewCluster(config)
}

// deniesNodes says whether the status says of the nodes that the spec wants that
// they are still to come. Other reasons tell of what can't be seen from here.
func deniesNodes(vc *v1alpha1.VirtualCluster) (message string, denies bool) {
	c := meta.FindStatusCondition(vc.Status.Conditions, v1alpha1.ConditionNodesReady)
	if c == nil || c.Status != metav1.ConditionFalse || c.ObservedGeneration != vc.Generation {
		return "", false
	}
	return c.Message, slices.Contains([]string{
		v1alpha1.ReasonPending, v1alpha1.ReasonProgressing, v1alpha1.ReasonBooting, v1alpha1.ReasonNotServing,
	}, c.Reason)
}

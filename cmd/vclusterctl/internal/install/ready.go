package install

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/wait"
)

// AwaitCRD blocks until the API server serves a CustomResourceDefinition.
func AwaitCRD(ctx context.Context, c client.WithWatch, name string) error {
	crd := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: name}}
	list := &apiextensionsv1.CustomResourceDefinitionList{}
	return wait.Until(ctx, c, crd, list, func(crd *apiextensionsv1.CustomResourceDefinition, exists bool) (bool, error) {
		return exists && established(crd), nil
	})
}

func established(crd *apiextensionsv1.CustomResourceDefinition) bool {
	return slices.ContainsFunc(crd.Status.Conditions, func(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
		return c.Type == apiextensionsv1.Established && c.Status == apiextensionsv1.ConditionTrue
	})
}

// AwaitController blocks until every replica of the controller is of the
// current revision and available. An image that cannot be had is told as soon as
// the kubelet says so, and waited for all the same: it may be on its way.
func AwaitController(ctx context.Context, c client.WithWatch, namespace string, told func(trouble string)) error {
	watching, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tellImages(watching, c, namespace, told)
	}()
	defer func() {
		stop()
		<-done
	}()
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: Name}}
	return wait.Until(ctx, c, d, &appsv1.DeploymentList{}, func(d *appsv1.Deployment, exists bool) (bool, error) {
		return exists && available(d), nil
	})
}

// tellImages tells once of each pod that cannot have its image. Whoever may not
// watch pods is told when the time is over.
func tellImages(ctx context.Context, c client.WithWatch, namespace string, told func(string)) {
	known := map[string]bool{}
	_ = wait.Any(ctx, c, &corev1.Pod{}, &corev1.PodList{}, func(pod *corev1.Pod) (bool, error) {
		if what := imageTrouble(pod); what != "" && !known[pod.Name] {
			known[pod.Name] = true
			told(what)
		}
		return false, nil
	}, client.InNamespace(namespace), client.MatchingLabels(ControllerLabels()))
}

func available(d *appsv1.Deployment) bool {
	want, s := ptr.Deref(d.Spec.Replicas, 1), d.Status
	return s.ObservedGeneration >= d.Generation && s.UpdatedReplicas == want && s.AvailableReplicas == want && s.Replicas == want
}

// Trouble says in one line what keeps the controller's pods from running, as
// far as they tell.
func Trouble(ctx context.Context, c client.Reader, namespace string) string {
	var pods corev1.PodList
	if err := c.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabels(ControllerLabels())); err != nil {
		return ""
	}
	if len(pods.Items) == 0 {
		return "it has no pod: see kubectl describe replicasets -n " + namespace
	}
	var found []string
	for i := range pods.Items {
		if what := podTrouble(&pods.Items[i]); what != "" {
			found = append(found, what)
		}
	}
	return strings.Join(found, "; ")
}

func podTrouble(pod *corev1.Pod) string {
	if what := imageTrouble(pod); what != "" {
		return what
	}
	for _, s := range pod.Status.ContainerStatuses {
		if w := s.State.Waiting; w != nil {
			return fmt.Sprintf("pod %s: %s: %s", pod.Name, w.Reason, w.Message)
		}
	}
	for _, c := range pod.Status.Conditions {
		if c.Status == corev1.ConditionFalse && c.Message != "" {
			return fmt.Sprintf("pod %s: %s: %s", pod.Name, c.Reason, c.Message)
		}
	}
	return ""
}

// imageReasons are the kubelet's words for an image that it has not got and is
// not about to get.
var imageReasons = []string{"ErrImageNeverPull", "ErrImagePull", "ImagePullBackOff", "InvalidImageName"}

// imageTrouble says which image a pod cannot have, where, and why.
func imageTrouble(pod *corev1.Pod) string {
	for _, s := range pod.Status.ContainerStatuses {
		w := s.State.Waiting
		if w == nil || !slices.Contains(imageReasons, w.Reason) {
			continue
		}
		return fmt.Sprintf("pod %s cannot have its image %q on node %q: %s: %s", pod.Name, imageOf(pod, s.Name), pod.Spec.NodeName, w.Reason, w.Message)
	}
	return ""
}

func imageOf(pod *corev1.Pod, container string) string {
	for _, c := range pod.Spec.Containers {
		if c.Name == container {
			return c.Image
		}
	}
	return ""
}

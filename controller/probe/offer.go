package probe

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	runtimeprobe "github.com/vclusterctl/vclusterctl/runtime/probe"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// offer is what a node says of a runtime.
type offer struct {
	// refusal says why it does not offer it; empty if it does.
	refusal string
	handler *v1alpha1.ReportedHandler
	shape   profile.PodShape
}

// ask finds out what a node says of a runtime.
func (w *world) ask(s subject) offer {
	class := w.classes[s.knowledge.ClassName]
	if class == nil {
		return offer{refusal: fmt.Sprintf("RuntimeClass %q is missing", s.knowledge.ClassName)}
	}
	q, err := profile.QuestionOf(class, []corev1.Node{*s.node})
	if err != nil {
		return offer{refusal: fmt.Sprintf("RuntimeClass %q: %v", class.Name, err)}
	}
	answer := s.profile.Ask(q)
	o := offer{
		handler: handlerOf(s.node, cmp.Or(class.Handler, s.knowledge.Handler)),
		shape:   s.profile.PodShape(q.PodOptions(answer.Seccomp())),
	}
	var problems []string
	for _, p := range answer.Nodes[0].Problems {
		problems = append(problems, p.Message)
	}
	o.refusal = strings.Join(problems, "; ")
	return o
}

func handlerOf(node *corev1.Node, name string) *v1alpha1.ReportedHandler {
	for _, h := range node.Status.RuntimeHandlers {
		if h.Name != name {
			continue
		}
		out := &v1alpha1.ReportedHandler{Name: name}
		if f := h.Features; f != nil && f.RecursiveReadOnlyMounts != nil && *f.RecursiveReadOnlyMounts {
			out.Features = append(out.Features, "RecursiveReadOnlyMounts")
		}
		if f := h.Features; f != nil && f.UserNamespaces != nil && *f.UserNamespaces {
			out.Features = append(out.Features, "UserNamespaces")
		}
		return out
	}
	return nil
}

func nodeOf(node *corev1.Node) *v1alpha1.ReportedNode {
	info := node.Status.NodeInfo
	return &v1alpha1.ReportedNode{
		Kernel: info.KernelVersion, ContainerRuntime: info.ContainerRuntimeVersion,
		Kubelet: info.KubeletVersion, BootID: info.BootID,
	}
}

// Annotations of a probe pod.
const (
	// annotationInput is the input that it is about.
	annotationInput = "vclusterctl.dev/probe-input"
	// annotationAttempt is how often that input has been tried, this time
	// included.
	annotationAttempt = "vclusterctl.dev/probe-attempt"
)

// draft is the probe pod of a subject without what says which attempt it is,
// and the input that it stands for.
func (w *world) draft(s subject, o offer) (*corev1.Pod, string, error) {
	name := reportName(s.node.Name, s.knowledge.Name)
	pod, err := runtimeprobe.Pod(runtimeprobe.Options{
		Knowledge: s.knowledge, Shape: o.shape, Node: s.node.Name,
		Namespace: w.namespace, Name: podName(name), Image: w.image,
	})
	if err != nil {
		return nil, "", fmt.Errorf("probe pod of %s: %w", name, err)
	}
	var asked string
	if s.report != nil {
		asked = s.report.Annotations[v1alpha1.AnnotationProbe]
	}
	input, err := json.Marshal([]any{pod.Annotations, pod.Spec, nodeOf(s.node), s.node.UID, o.handler, asked})
	if err != nil {
		return nil, "", fmt.Errorf("input of probe %s: %w", name, err)
	}
	return pod, digest(string(input))[:32], nil
}

// ready says whether the kubelet of a node does its work.
func ready(node *corev1.Node) bool {
	return slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

// newReport is the report on a subject, to be made.
func newReport(s subject) *v1alpha1.RuntimeReport {
	return &v1alpha1.RuntimeReport{
		ObjectMeta: metav1.ObjectMeta{
			Name: reportName(s.node.Name, s.knowledge.Name),
			// It goes with its node.
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: s.node.Name, UID: s.node.UID}},
		},
		Spec: v1alpha1.RuntimeReportSpec{NodeName: s.node.Name, Profile: string(s.knowledge.Name)},
	}
}

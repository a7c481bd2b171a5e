package profile

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
)

// QuestionOf is what to find out about nodes for pods of a RuntimeClass. Where an
// annotation of it is wrong, everything else is in the question.
func QuestionOf(class *nodev1.RuntimeClass, nodes []corev1.Node) (Question, error) {
	by, errUser := UserNamespaceOf(class.Annotations)
	cgroup, errCgroup := WritableCgroupOf(class.Annotations)
	_, errAwait := AwaitsNodesOf(class.Annotations)
	q := Question{Nodes: nodes, Handler: class.Handler, UserNamespace: by, Cgroup: cgroup}
	if class.Scheduling != nil {
		q.NodeSelector = class.Scheduling.NodeSelector
	}
	return q, cmp.Or(errUser, errCgroup, errAwait)
}

// PodOptions are those of pods for which a question was asked; seccomp says whether
// their nodes have the profile's seccomp profile.
func (q Question) PodOptions(seccomp bool) PodOptions {
	return PodOptions{Seccomp: seccomp, UserNamespace: q.UserNamespace, Cgroup: q.Cgroup}
}

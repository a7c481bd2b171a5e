package profile

import "fmt"

// AnnotationUserNamespace on a RuntimeClass says how pods of that class ask for
// their user namespace, where the runtime leaves a choice. It stands there
// because it is a property of the nodes behind the class, which their
// administrator knows: the same two versions of CRI-O and Sysbox have been seen
// to need the one on one site and the other on another.
const AnnotationUserNamespace = "vclusterctl.dev/user-namespace"

// UserNamespace is a way to ask for a user namespace.
type UserNamespace string

const (
	// ByHostUsers is Kubernetes' own way: hostUsers: false.
	ByHostUsers UserNamespace = "hostUsers"
	// ByCRIOAnnotation is an annotation that CRI-O reads, for handlers in whose
	// allowed_annotations it is.
	ByCRIOAnnotation UserNamespace = "crio-annotation"
)

// CRIOAnnotation asks CRI-O for a user namespace, where the handler's
// allowed_annotations have it.
const CRIOAnnotation = "io.kubernetes.cri-o.userns-mode"

// crioRange is of the size that a node needs at least.
const crioRange = "auto:size=65536"

// AskCRIO are the annotations of a pod that asks CRI-O for a user namespace.
func AskCRIO() map[string]string { return map[string]string{CRIOAnnotation: crioRange} }

// AsksCRIO says whether a pod with these annotations asks CRI-O for a user
// namespace. Whether it got one only the pod can tell.
func AsksCRIO(annotations map[string]string) bool { return annotations[CRIOAnnotation] == crioRange }

// UserNamespaceOf reads the annotations of a RuntimeClass.
func UserNamespaceOf(annotations map[string]string) (UserNamespace, error) {
	switch by := UserNamespace(annotations[AnnotationUserNamespace]); by {
	case "", ByHostUsers:
		return ByHostUsers, nil
	case ByCRIOAnnotation:
		return by, nil
	default:
		return "", fmt.Errorf("annotation %s is %q: use %q or %q, or leave it out",
			AnnotationUserNamespace, by, ByHostUsers, ByCRIOAnnotation)
	}
}

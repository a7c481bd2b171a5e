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

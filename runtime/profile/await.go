package profile

import "fmt"

// AnnotationAwaitNodes on a RuntimeClass, with the value "true", says that nodes
// of that class come when pods wait for them, as an autoscaler makes them grow
// from none. Pods are then made though no node offers the runtime yet, and are
// scheduled by the class's own selector alone: the nodes that an autoscaler
// imagines have no labels of ours.
const AnnotationAwaitNodes = "vclusterctl.dev/await-nodes"

// AwaitsNodes reads the annotations of a RuntimeClass that QuestionOf has found
// nothing wrong with.
func AwaitsNodes(annotations map[string]string) bool {
	awaits, err := AwaitsNodesOf(annotations)
	return awaits && err == nil
}

// AwaitsNodesOf reads the annotations of a RuntimeClass.
func AwaitsNodesOf(annotations map[string]string) (bool, error) {
	switch says := annotations[AnnotationAwaitNodes]; says {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	default:
		return false, fmt.Errorf("annotation %s is %q: use %q or %q, or leave it out", AnnotationAwaitNodes, says, "true", "false")
	}
}

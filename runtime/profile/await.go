package profile

// AnnotationAwaitNodes on a RuntimeClass, with the value "true", says that nodes
// of that class come when pods wait for them, as an autoscaler makes them grow
// from none. Pods are then made though no node offers the runtime yet, and are
// scheduled by the class's own selector alone: the nodes that an autoscaler
// imagines have no labels of ours.
const AnnotationAwaitNodes = "vclusterctl.dev/await-nodes"

// AwaitsNodes reads the annotations of a RuntimeClass.
func AwaitsNodes(annotations map[string]string) bool {
	return annotations[AnnotationAwaitNodes] == "true"
}

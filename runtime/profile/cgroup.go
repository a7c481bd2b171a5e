package profile

import "fmt"

// AnnotationWritableCgroup on a RuntimeClass says how pods of that class get a
// cgroup that systemd in them can write, where the container runtimes of nodes
// have different ways.
const AnnotationWritableCgroup = "vclusterctl.dev/writable-cgroup"

// WritableCgroup is a way to a writable cgroup.
type WritableCgroup string

const (
	// CgroupByHandler is a setting of the handler, which containerd has.
	CgroupByHandler WritableCgroup = "handler"
	// CgroupByCRIOAnnotation is an annotation that CRI-O reads, for handlers in
	// whose allowed_annotations it is. containerd does not mind it.
	CgroupByCRIOAnnotation WritableCgroup = "crio-annotation"
)

// CRIOCgroupAnnotation asks CRI-O for a writable cgroup, where the handler's
// allowed_annotations have it. Later versions have another name for it, too, and
// earlier ones refuse to start with that in their configuration.
const CRIOCgroupAnnotation = "io.kubernetes.cri-o.cgroup2-mount-hierarchy-rw"

// AskCRIOForCgroup are the annotations of a pod that asks CRI-O for a writable
// cgroup.
func AskCRIOForCgroup() map[string]string { return map[string]string{CRIOCgroupAnnotation: "true"} }

// WritableCgroupOf reads the annotations of a RuntimeClass.
func WritableCgroupOf(annotations map[string]string) (WritableCgroup, error) {
	switch by := WritableCgroup(annotations[AnnotationWritableCgroup]); by {
	case "", CgroupByHandler:
		return CgroupByHandler, nil
	case CgroupByCRIOAnnotation:
		return by, nil
	default:
		return "", fmt.Errorf("annotation %s is %q: use %q or %q, or leave it out",
			AnnotationWritableCgroup, by, CgroupByHandler, CgroupByCRIOAnnotation)
	}
}

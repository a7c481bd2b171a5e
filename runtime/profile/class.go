package profile

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	nodev1ac "k8s.io/client-go/applyconfigurations/node/v1"
)

// Class is what is a profile's own about its RuntimeClass.
type Class struct {
	Name, Handler string
	// Memory and CPU that a pod costs the node beside its own processes, as
	// quantities; empty for none worth a number.
	Memory, CPU string
	// NodeSelector where nobody chooses another; empty means that every node of
	// the host has the handler.
	NodeSelector map[string]string
}

// Build builds the RuntimeClass.
func (c Class) Build(o ClassOptions) *nodev1ac.RuntimeClassApplyConfiguration {
	class := nodev1ac.RuntimeClass(c.Name).
		WithHandler(c.Handler).
		WithOverhead(nodev1ac.Overhead().WithPodFixed(c.overhead()))
	if len(o.Labels) > 0 {
		class.WithLabels(o.Labels)
	}
	selector := c.NodeSelector
	if len(o.NodeSelector) > 0 {
		selector = o.NodeSelector
	}
	if len(selector) > 0 {
		class.WithScheduling(nodev1ac.Scheduling().WithNodeSelector(maps.Clone(selector)))
	}
	return class
}

func (c Class) overhead() corev1.ResourceList {
	list := corev1.ResourceList{}
	for name, quantity := range map[corev1.ResourceName]string{corev1.ResourceMemory: c.Memory, corev1.ResourceCPU: c.CPU} {
		if quantity != "" {
			list[name] = resource.MustParse(quantity)
		}
	}
	return list
}

// Capabilities adds those among the requirements to what a container gets.
func Capabilities(all []Requirement) *corev1ac.CapabilitiesApplyConfiguration {
	c := corev1ac.Capabilities()
	for _, name := range Names(all, KindCapability) {
		c.WithAdd(corev1.Capability(name))
	}
	return c
}

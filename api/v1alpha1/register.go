package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group of every type of this product.
const GroupName = "vclusterctl.dev"

// VirtualClusterKind is the kind of a VirtualCluster.
const VirtualClusterKind = "VirtualCluster"

// RuntimeReportKind is the kind of a RuntimeReport.
const RuntimeReportKind = "RuntimeReport"

// SchemeGroupVersion is the group and version of the types in this package.
var SchemeGroupVersion = schema.GroupVersion{Group: GroupName, Version: "v1alpha1"}

// GroupVersion is SchemeGroupVersion under the name that controller-runtime
// projects know it by.
var GroupVersion = SchemeGroupVersion

var schemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

// AddToScheme registers the types of this package.
var AddToScheme = schemeBuilder.AddToScheme

// Resource qualifies a resource name with the group.
func Resource(resource string) schema.GroupResource {
	return SchemeGroupVersion.WithResource(resource).GroupResource()
}

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(SchemeGroupVersion, &VirtualCluster{}, &VirtualClusterList{}, &RuntimeReport{}, &RuntimeReportList{})
	metav1.AddToGroupVersion(scheme, SchemeGroupVersion)
	return nil
}

package virtualcluster

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// describeForeign tells who an object in our way belongs to, and whether it is
// about to go by itself.
func describeForeign(kind string, obj client.Object, vc *v1alpha1.VirtualCluster) foreign {
	f := foreign{kind: kind, name: obj.GetName(), owner: "nobody known", leaving: obj.GetDeletionTimestamp() != nil}
	owner := metav1.GetControllerOf(obj)
	switch {
	case owner == nil:
	case owner.Kind == v1alpha1.VirtualClusterKind && owner.Name == vc.Name:
		f.owner = fmt.Sprintf("a former VirtualCluster %q (uid %s)", owner.Name, owner.UID)
		f.leaving = true
	default:
		f.owner = fmt.Sprintf("%s %q", owner.Kind, owner.Name)
	}
	return f
}

// kindOfObject is the kind of an API type, which carries the name of its Go
// type, or that of which there is only the metadata.
func kindOfObject(obj client.Object) string {
	if named, ok := obj.(*metav1.PartialObjectMetadata); ok {
		return named.Kind
	}
	return reflect.TypeOf(obj).Elem().Name()
}

func eachItem[OP any](list client.ObjectList, f func(OP)) error {
	return meta.EachListItem(list, func(o runtime.Object) error {
		obj, ok := o.(OP)
		if !ok {
			return fmt.Errorf("a list of %T holds a %T", list, o)
		}
		f(obj)
		return nil
	})
}

func sortByName(pods []corev1.Pod) {
	slices.SortFunc(pods, func(a, b corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
}

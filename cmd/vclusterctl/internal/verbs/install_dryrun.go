package verbs

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/install"
)

// applyRest applies what there is beside the CRDs. A server keeps nothing of a dry
// run, so what goes into a namespace that this would make cannot be checked there.
func (o *InstallOptions) applyRest(ctx context.Context, applier *install.Applier, m install.Manifests) (bool, error) {
	if o.DryRun != dryRunServer {
		return applier.Apply(ctx, m.Rest)
	}
	changed := false
	made := map[string]bool{}
	for _, u := range m.Rest {
		if u.GetKind() == "Namespace" {
			made[u.GetName()] = true
		}
		one, err := applier.Apply(ctx, []*unstructured.Unstructured{u})
		if err != nil && made[u.GetNamespace()] && missesNamespace(err) {
			o.report(u, install.Outcome(fmt.Sprintf("not checked, as namespace %q is not there yet", u.GetNamespace())))
			one, err = true, nil
		}
		if err != nil {
			return changed, err
		}
		changed = changed || one
	}
	return changed, nil
}

// missesNamespace tells that from another object that is not there.
func missesNamespace(err error) bool {
	var status apierrors.APIStatus
	return apierrors.IsNotFound(err) && errors.As(err, &status) && status.Status().Details != nil && status.Status().Details.Kind == "namespaces"
}

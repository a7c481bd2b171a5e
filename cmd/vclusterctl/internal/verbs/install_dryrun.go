package verbs

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/install"
)

// applyRest applies what there is beside the CRDs. A server keeps nothing of a dry
// run, so what goes into a namespace that this would make cannot be checked there.
func (o *InstallOptions) applyRest(ctx context.Context, applier *install.Applier, m install.Manifests) (bool, error) {
	if o.DryRun != dryRunServer {
		return applier.Apply(ctx, m.Rest)
	}
	made := map[string]bool{}
	for _, u := range m.Rest {
		if u.GetKind() == "Namespace" {
			made[u.GetName()] = true
		}
		_, err := applier.Apply(ctx, []*unstructured.Unstructured{u})
		if missing := cli.MissingNamespace(err); made[missing] {
			o.report(u, install.Outcome(fmt.Sprintf("not checked, as namespace %q is not there yet", missing)))
			continue
		}
		if err != nil {
			return false, err
		}
	}
	return false, nil
}

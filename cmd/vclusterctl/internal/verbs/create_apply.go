package verbs

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/spec"
)

// outcome says what applying did, in kubectl's words.
type outcome string

const (
	created    outcome = "created"
	configured outcome = "configured"
	unchanged  outcome = "unchanged"
)

// apply makes the cluster what is wanted, or refuses. What the API server has
// then, or would have, is in wanted.
func (o *CreateOptions) apply(ctx context.Context, t *target, wanted *unstructured.Unstructured) (outcome, error) {
	live := spec.New()
	err := t.client.Get(ctx, t.key(), live)
	if apierrors.IsNotFound(err) && !cli.NotInstalled(err) {
		return created, o.send(ctx, t, wanted, o.DryRun)
	}
	if err != nil {
		return "", fmt.Errorf("look for virtual cluster %q in namespace %q: %w", t.name, t.namespace, err)
	}
	if live.GetDeletionTimestamp() != nil {
		return "", cli.Fail("Wait for that with: "+t.command("delete"), "virtual cluster %q in namespace %q is being deleted", t.name, t.namespace)
	}
	return o.applyOver(ctx, t, live, wanted)
}

// applyOver deals with a cluster that exists: asking for the same is fine,
// asking for something else is only with a file.
func (o *CreateOptions) applyOver(ctx context.Context, t *target, live, wanted *unstructured.Unstructured) (outcome, error) {
	tried := wanted.DeepCopy()
	if err := o.send(ctx, t, tried, dryRunServer); err != nil {
		return "", err
	}
	changed := differences(live.Object["spec"], tried.Object["spec"], "spec")
	if o.File != "" { // flags say nothing of these
		changed = append(changed, metadataDifferences(live, tried)...)
	}
	if len(changed) == 0 {
		wanted.Object = tried.Object
		return unchanged, nil
	}
	if o.File == "" {
		return "", cli.Fail(
			fmt.Sprintf("Choose another name, delete it with: %s\nor change it with: %s", t.command("delete"), t.command("create", "-f", "FILE")),
			"virtual cluster %q exists in namespace %q and differs: %s", t.name, t.namespace, strings.Join(changed, "; "))
	}
	return configured, o.send(ctx, t, wanted, o.DryRun)
}

// metadataDifferences lists what differs in what a file may say beside the spec.
func metadataDifferences(have, want *unstructured.Unstructured) []string {
	var found []string
	for _, field := range []string{"labels", "annotations"} {
		h, _, _ := unstructured.NestedFieldNoCopy(have.Object, "metadata", field) // from the API server, which checks them
		w, _, _ := unstructured.NestedFieldNoCopy(want.Object, "metadata", field)
		found = append(found, differences(h, w, "metadata."+field)...)
	}
	return found
}

func (o *CreateOptions) send(ctx context.Context, t *target, u *unstructured.Unstructured, dryRun string) error {
	err := t.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), applyOptions(dryRun)...)
	if apierrors.IsConflict(err) {
		return cli.Fail("Somebody else set these fields; change them with: "+t.Kubectl("edit", "virtualcluster", t.name, "-n", t.namespace),
			"apply virtual cluster %q in namespace %q: %w", t.name, t.namespace, err)
	}
	if err != nil {
		return fmt.Errorf("apply virtual cluster %q in namespace %q: %w", t.name, t.namespace, err)
	}
	return nil
}

// differences lists, by path, what differs between two specs.
func differences(have, want any, at string) []string {
	h, hok := have.(map[string]any)
	w, wok := want.(map[string]any)
	bothMaps := (hok || have == nil) && (wok || want == nil) // an absent map is an empty one
	if !bothMaps {
		if reflect.DeepEqual(have, want) {
			return nil
		}
		return []string{fmt.Sprintf("%s is %s, asked for %s", at, show(have), show(want))}
	}
	var found []string
	for _, key := range sortedKeys(h, w) {
		found = append(found, differences(h[key], w[key], at+"."+key)...)
	}
	return found
}

func show(v any) string {
	if v == nil {
		return "unset"
	}
	return fmt.Sprint(v)
}

func sortedKeys(maps ...map[string]any) []string {
	var keys []string
	for _, m := range maps {
		for key := range m {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

package install

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// Forget removes what a controller that is gone has written of the nodes: its
// reports, and the labels of those that passed a probe.
func (r *Remover) Forget(ctx context.Context) error {
	if err := r.forgetReports(ctx); err != nil {
		return err
	}
	var nodes corev1.NodeList
	if err := r.Client.List(ctx, &nodes); err != nil {
		return fmt.Errorf("look for labels of nodes: %w", err)
	}
	for i := range nodes.Items {
		if err := r.unlabel(ctx, &nodes.Items[i]); err != nil {
			return fmt.Errorf("take the labels off node %q: %w", nodes.Items[i].Name, err)
		}
	}
	return nil
}

func (r *Remover) forgetReports(ctx context.Context) error {
	var reports v1alpha1.RuntimeReportList
	err := r.Client.List(ctx, &reports)
	if cli.NotInstalled(err) || meta.IsNoMatchError(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for RuntimeReports: %w", err)
	}
	for i := range reports.Items {
		report := &reports.Items[i]
		if r.DryRun != dryRunClient {
			if err := client.IgnoreNotFound(r.Client.Delete(ctx, report, r.deleteOptions()...)); err != nil {
				return fmt.Errorf("delete RuntimeReport %q: %w", report.Name, err)
			}
		}
		fmt.Fprintf(r.Out, "runtimereport %q deleted%s\n", report.Name, r.suffix())
	}
	return nil
}

func (r *Remover) unlabel(ctx context.Context, node *corev1.Node) error {
	gone := map[string]any{}
	for name := range node.Labels {
		if strings.HasPrefix(name, v1alpha1.NodeLabelProvenPrefix) {
			gone[name] = nil
		}
	}
	if len(gone) == 0 {
		return nil
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": gone}})
	if err != nil {
		return err
	}
	if r.DryRun != dryRunClient {
		opts := []client.PatchOption{client.FieldOwner(cli.FieldManager)}
		if r.DryRun == dryRunServer {
			opts = append(opts, client.DryRunAll)
		}
		if err := client.IgnoreNotFound(r.Client.Patch(ctx, node, client.RawPatch(types.MergePatchType, patch), opts...)); err != nil {
			return err
		}
	}
	fmt.Fprintf(r.Out, "node %q unlabelled: %s%s\n", node.Name, strings.Join(slices.Sorted(maps.Keys(gone)), ", "), r.suffix())
	return nil
}

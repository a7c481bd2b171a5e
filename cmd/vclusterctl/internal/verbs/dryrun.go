package verbs

import (
	"fmt"
	"slices"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// Values of --dry-run, as kubectl has them.
const (
	dryRunNone   = "none"
	dryRunClient = "client"
	dryRunServer = "server"
)

func addDryRun(flags *pflag.FlagSet, value *string) {
	flags.StringVar(value, "dry-run", dryRunNone, `"none", "client" (send nothing) or "server" (let the API server check, keep nothing)`)
	flags.Lookup("dry-run").NoOptDefVal = dryRunClient
}

// dryRuns are the values of --dry-run.
var dryRuns = []string{dryRunNone, dryRunClient, dryRunServer}

func checkDryRun(value string) error {
	if slices.Contains(dryRuns, value) {
		return nil
	}
	return cli.Usagef("--dry-run %q: want none, client or server", value)
}

// applyOptions are those of every server-side apply.
func applyOptions(dryRun string) []client.ApplyOption {
	opts := []client.ApplyOption{client.FieldOwner(cli.FieldManager)}
	if dryRun == dryRunServer {
		opts = append(opts, client.DryRunAll)
	}
	return opts
}

// printCluster prints what became of a cluster, or with -o the cluster itself.
func printCluster(f *cli.Factory, u *unstructured.Unstructured, done outcome, dryRun string) error {
	if f.Output != "" {
		return cli.PrintObject(f.Out, u, f.Output)
	}
	return printOutcome(f, u.GetName(), done, dryRun)
}

func printOutcome(f *cli.Factory, name string, done outcome, dryRun string) error {
	_, err := fmt.Fprintf(f.Out, "virtualcluster.%s/%s %s%s\n", v1alpha1.GroupName, name, done, dryRunSuffix(dryRun))
	return err
}

// dryRunSuffix follows what would be done, and is not.
func dryRunSuffix(dryRun string) string {
	if dryRun == dryRunNone {
		return ""
	}
	return fmt.Sprintf(" (%s dry run)", dryRun)
}

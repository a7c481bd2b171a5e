package verbs

import (
	"slices"

	"github.com/spf13/pflag"
	"sigs.k8s.io/controller-runtime/pkg/client"

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

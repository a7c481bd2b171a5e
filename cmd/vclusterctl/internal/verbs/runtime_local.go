package verbs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	goruntime "runtime"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodeinstall"
)

// runLocal changes this machine, or from within a pod the node.
func (o *RuntimeSetupOptions) runLocal(ctx context.Context) error {
	if goruntime.GOOS != "linux" || os.Geteuid() != 0 {
		return cli.Refused("", "a node runs Linux, and changing it needs root: run the command there, with sudo")
	}
	if o.DryRun != dryRunNone {
		return cli.Usagef("--dry-run: \"runtime config\" says what would be written on one machine")
	}
	if o.Result == "" {
		report, err := o.change(ctx)
		return errors.Join(o.explainLocal(report, err), o.print([]nodeinstall.Report{report}))
	}
	// It has to be open before the root is another.
	result, err := os.OpenFile(o.Result, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return fmt.Errorf("open the file for the result: %w", err)
	}
	report, err := o.change(ctx)
	if err != nil {
		report.Error = err.Error()
	}
	return errors.Join(err, json.NewEncoder(result).Encode(report), result.Close())
}

// change changes what is the node's file system now.
func (o *RuntimeSetupOptions) change(ctx context.Context) (nodeinstall.Report, error) {
	if o.Root != "" {
		if err := nodeinstall.Enter(o.Root); err != nil {
			return nodeinstall.Report{}, err
		}
	}
	local := nodeinstall.Local{Settings: o.Settings, Timeout: o.Timeout, Say: o.Hintf}
	if o.Remove {
		return local.Uninstall(ctx, o.profile)
	}
	return local.Install(ctx, o.profile)
}

// explainLocal says to the one who did it by hand what is left to do.
func (o *RuntimeSetupOptions) explainLocal(r nodeinstall.Report, err error) error {
	if err != nil && r.Refused {
		return cli.Refused("", "%w", err)
	}
	if err != nil {
		return err
	}
	if o.Output == "" {
		fmt.Fprintf(o.Out, "this machine %s\n", o.words(r))
	}
	if labels := labelArgs(r.Labels); labels != "" && !o.Remove {
		o.Hintf("Label the node, too: %s", o.Kubectl("label", "node", "NODE", labels))
	}
	return nil
}

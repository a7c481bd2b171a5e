package verbs

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

const resumeLong = `Start the nodes of a paused virtual cluster again and wait until a pod can start
in it. It is the same cluster, with what it had stored: kubeconfigs for it go on
working.`

// NewCmdResume is "resume". Tests pass a runF of their own.
func NewCmdResume(f *cli.Factory, runF func(context.Context, *PauseOptions) error) *cobra.Command {
	o := &PauseOptions{Factory: f}
	return o.command(runF, &cobra.Command{Use: "resume NAME", Short: "Start the nodes of a paused virtual cluster again", Long: resumeLong},
		"wait until the cluster is ready", 10*time.Minute)
}

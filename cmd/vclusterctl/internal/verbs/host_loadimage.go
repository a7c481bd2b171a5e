package verbs

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/host"
)

// HostLoadImageOptions are the arguments of host load-image.
type HostLoadImageOptions struct {
	HostOptions
	Files []string
}

// NewCmdHostLoadImage is "host load-image". Tests pass a runF of their own.
func NewCmdHostLoadImage(f *cli.Factory, runF func(context.Context, *HostLoadImageOptions) error) *cobra.Command {
	o := &HostLoadImageOptions{HostOptions: HostOptions{Factory: f}}
	cmd := &cobra.Command{
		Use:   "load-image FILE...",
		Short: "Put images from archives into the embedded host",
		Args:  args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			o.Files = given
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Run(cmd.Context())
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

// Run loads the images.
func (o *HostLoadImageOptions) Run(ctx context.Context) error {
	report := o.reporter()
	for _, file := range o.Files {
		if err := host.LoadImage(ctx, o.Host, file, report); err != nil {
			return explainHost(o.Program, err)
		}
	}
	return nil
}

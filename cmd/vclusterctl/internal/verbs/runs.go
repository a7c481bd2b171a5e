package verbs

import (
	"context"

	"github.com/spf13/cobra"
)

// runs is what most verbs do: they complete what was asked for, and are run, or what
// a test has in place of them.
func runs[O interface {
	Run(ctx context.Context) error
}](
	o O, complete func(given []string) error, runF func(context.Context, O) error,
) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, given []string) error {
		if err := complete(given); err != nil {
			return usage(cmd, err)
		}
		if runF != nil {
			return runF(cmd.Context(), o)
		}
		return o.Run(cmd.Context())
	}
}

// noArgs is for verbs without arguments.
func noArgs(complete func() error) func([]string) error {
	return func([]string) error { return complete() }
}

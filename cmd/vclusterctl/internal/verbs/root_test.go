package verbs

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// TestLibrariesAreQuiet: what libraries log is for those who look into it.
func TestLibrariesAreQuiet(t *testing.T) {
	logs := func() error {
		klog.Info("a library's word")
		klog.Flush()
		return nil
	}
	list := func(f *cli.Factory) *cobra.Command {
		return NewCmdList(f, func(context.Context, *ListOptions) error { return logs() })
	}
	controller := func(f *cli.Factory) *cobra.Command {
		return NewCmdController(f, func(context.Context, *ControllerOptions) error { return logs() })
	}
	cases := map[string]struct {
		reason string
		verb   func(*cli.Factory) *cobra.Command
		args   []string
		want   bool
	}{
		"Quiet":      {reason: "People are told in other words.", verb: list},
		"Verbose":    {reason: "Who asks for more gets it.", verb: list, args: []string{"-v"}, want: true},
		"Controller": {reason: "The controller's log is its own.", verb: controller, want: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			klog.ClearLogger()
			klog.LogToStderr(false)
			klog.SetOutput(&log)
			defer klog.LogToStderr(true)
			f := testFactory(t)
			if code, said := call(t, f, tc.verb(f), tc.args...); code != 0 {
				t.Fatal(said)
			}
			if strings.Contains(log.String(), "a library's word") != tc.want {
				t.Errorf("%s\nlogged: %q", tc.reason, log.String())
			}
		})
	}
}

package verbs

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/buildinfo"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/install"
)

// VersionOptions are the flags of version.
type VersionOptions struct {
	*cli.Factory
	ClientOnly bool
}

// versions is what the verb prints.
type versions struct {
	Client     buildinfo.Info `json:"client"`
	Controller *server        `json:"controller,omitempty"`
}

// server is the controller found in the cluster.
type server struct {
	Version   string `json:"version"`
	Namespace string `json:"namespace"`
	Image     string `json:"image"`
}

// NewCmdVersion is "version". Tests pass a runF of their own.
func NewCmdVersion(f *cli.Factory, runF func(context.Context, *VersionOptions) error) *cobra.Command {
	o := &VersionOptions{Factory: f}
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show the version of this program and of the controller in the cluster",
		Args:  args(cobra.NoArgs),

		Annotations: map[string]string{hostAnnotation: hostUnneeded}, // it goes there itself
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Run(cmd.Context())
		},
	}
	takesOutput(cmd, cli.OutputJSON, cli.OutputYAML)
	cmd.Flags().BoolVar(&o.ClientOnly, "client", false, "ask no cluster")
	return cmd
}

// Run prints the versions. That no controller can be asked is no failure.
func (o *VersionOptions) Run(ctx context.Context) error {
	v := versions{Client: buildinfo.Get()}
	if !o.ClientOnly && o.HasCluster() {
		var err error
		if v.Controller, err = o.controller(ctx); err != nil {
			o.Hintf("The controller's version is unknown: %s", cli.OneLine(err.Error()))
		}
	}
	return v.print(o.Out, o.Output)
}

// controller reads the version off the Deployment that "install" made.
func (o *VersionOptions) controller(ctx context.Context) (*server, error) {
	if err := o.LeaveVirtual(); err != nil {
		return nil, err
	}
	c, err := o.NewClient()
	if err != nil {
		return nil, err
	}
	var list appsv1.DeploymentList
	if err := c.List(ctx, &list, client.MatchingLabels(install.ControllerLabels())); err != nil {
		return nil, fmt.Errorf("look for the controller: %w", err)
	}
	if len(list.Items) == 0 {
		return nil, fmt.Errorf("it is not installed in this cluster")
	}
	d := list.Items[0]
	return &server{Version: d.Labels[install.VersionLabel], Namespace: d.Namespace, Image: d.Spec.Template.Spec.Containers[0].Image}, nil
}

func (v versions) print(w io.Writer, format string) error {
	switch format {
	case cli.OutputJSON:
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(v)
	case cli.OutputYAML:
		data, err := yaml.Marshal(v)
		if err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	}
	fmt.Fprintf(w, "Client: %s (%s, %s)\n", v.Client.Version, v.Client.Go, v.Client.Platform)
	if v.Controller != nil {
		fmt.Fprintf(w, "Controller: %s (%s in namespace %s)\n", v.Controller.Version, v.Controller.Image, v.Controller.Namespace)
	}
	return nil
}

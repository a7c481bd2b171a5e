package verbs

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/runtime/catalog"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// RuntimeListOptions are the flags of runtime list.
type RuntimeListOptions struct {
	*cli.Factory
}

const runtimeListLong = `List the runtimes that virtual clusters can have, the strongest first, and which
nodes of the host offer each, as far as nodes say. Where no host is to be
reached, everything but the nodes is shown.`

// NewCmdRuntimeList is "runtime list". Tests pass a runF of their own.
func NewCmdRuntimeList(f *cli.Factory, runF func(context.Context, *RuntimeListOptions) error) *cobra.Command {
	o := &RuntimeListOptions{Factory: f}
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the runtimes, and the nodes that offer them",
		Long:    runtimeListLong,
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Run(cmd.Context())
		},
	}
	takesOutput(cmd, cli.ListOutputs...)
	return cmd
}

// listedRuntime is one runtime, as it is printed.
type listedRuntime struct {
	Name         v1alpha1.RuntimeProfile `json:"name"`
	Title        string                  `json:"title"`
	RuntimeClass string                  `json:"runtimeClass"`
	// ClassExists is left out where no host was asked.
	ClassExists *bool  `json:"runtimeClassExists,omitempty"`
	Handler     string `json:"handler"`
	PodSecurity string `json:"podSecurityLevel"`
	// ByNameOnly says why "auto" does not take it.
	ByNameOnly string `json:"byNameOnly,omitempty"`
	Proven     bool   `json:"proven"`
	// Nodes are left out where no host was asked.
	Nodes []listedNode `json:"nodes,omitempty"`
}

type listedNode struct {
	Name     string          `json:"name"`
	Offers   bool            `json:"offers"`
	Problems []listedProblem `json:"problems,omitempty"`
}

type listedProblem struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// Run lists.
func (o *RuntimeListOptions) Run(ctx context.Context) error {
	seen, err := o.look(ctx)
	if err != nil {
		o.Hintf("Which nodes offer what is not known: %s", cli.OneLine(err.Error()))
	}
	listed := make([]listedRuntime, 0, len(catalog.Profiles()))
	for _, p := range catalog.Profiles() {
		listed = append(listed, listRuntime(p, seen))
	}
	switch o.Output {
	case cli.OutputJSON, cli.OutputYAML:
		return printAny(o.Out, listed, o.Output)
	case cli.OutputName:
		for _, r := range listed {
			fmt.Fprintln(o.Out, r.Name)
		}
		return nil
	}
	return cli.TablePrinter(o.Out, o.Output == cli.OutputWide, false)(runtimeTable(listed))
}

// seenHost is what a host says of its runtimes.
type seenHost struct {
	nodes   []corev1.Node
	classes map[string]*nodev1.RuntimeClass
}

// look asks the host, if there is one.
func (o *RuntimeListOptions) look(ctx context.Context) (*seenHost, error) {
	if !o.HasCluster() {
		return nil, errors.New("the kubeconfig has no context")
	}
	c, err := o.NewClient()
	if err != nil {
		return nil, err
	}
	return lookAt(ctx, c)
}

// lookAt reads the nodes and RuntimeClasses of a host.
func lookAt(ctx context.Context, c client.Reader) (*seenHost, error) {
	var nodes corev1.NodeList
	if err := c.List(ctx, &nodes); err != nil {
		return nil, fmt.Errorf("list the nodes of the host: %w", err)
	}
	var classes nodev1.RuntimeClassList
	if err := c.List(ctx, &classes); err != nil {
		return nil, fmt.Errorf("list the RuntimeClasses of the host: %w", err)
	}
	seen := &seenHost{nodes: nodes.Items, classes: map[string]*nodev1.RuntimeClass{}}
	for i := range classes.Items {
		seen.classes[classes.Items[i].Name] = &classes.Items[i]
	}
	return seen, nil
}

// question is what to ask the nodes, through the RuntimeClass where there is
// one.
func (s *seenHost) question(name string) (profile.Question, error) {
	class := s.classes[name]
	if class == nil {
		return profile.Question{Nodes: s.nodes}, nil
	}
	q, err := profile.QuestionOf(class, s.nodes)
	if err != nil {
		return q, fmt.Errorf("RuntimeClass %q: %w", name, err)
	}
	return q, nil
}

func listRuntime(p profile.Profile, seen *seenHost) listedRuntime {
	k := p.Knowledge()
	r := listedRuntime{
		Name: k.Name, Title: k.Summary.Title, RuntimeClass: k.ClassName, Handler: k.Handler,
		PodSecurity: k.PodSecurity.Level, ByNameOnly: k.OnlyByName, Proven: k.Summary.Proven,
	}
	if seen == nil {
		return r
	}
	exists := seen.classes[k.ClassName] != nil
	r.ClassExists = &exists
	q, err := seen.question(k.ClassName)
	if err != nil {
		r.Nodes = append(r.Nodes, listedNode{Name: "*", Problems: []listedProblem{{v1alpha1.ReasonRuntimeClassInvalid, err.Error()}}})
		return r
	}
	for _, n := range p.Ask(q).Nodes {
		listed := listedNode{Name: n.Node, Offers: exists && n.Capable()}
		for _, problem := range n.Problems {
			listed.Problems = append(listed.Problems, listedProblem(problem))
		}
		r.Nodes = append(r.Nodes, listed)
	}
	return r
}

// runtimeTable is for people.
func runtimeTable(listed []listedRuntime) *metav1.Table {
	table := &metav1.Table{ColumnDefinitions: []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string"},
		{Name: "RuntimeClass", Type: "string"},
		{Name: "Handler", Type: "string"},
		{Name: "Pod Security", Type: "string"},
		{Name: "Nodes", Type: "string"},
		{Name: "Why not", Type: "string", Priority: 1},
	}}
	for _, r := range listed {
		table.Rows = append(table.Rows, metav1.TableRow{Cells: []any{
			string(r.Name), r.classCell(), r.Handler, r.PodSecurity, r.nodesCell(), r.whyNot(),
		}})
	}
	return table
}

func (r listedRuntime) classCell() string {
	if r.ClassExists != nil && !*r.ClassExists {
		return r.RuntimeClass + " (missing)"
	}
	return r.RuntimeClass
}

// nodesCell names few nodes and counts many.
func (r listedRuntime) nodesCell() string {
	if r.ClassExists == nil {
		return "<unknown>"
	}
	var names []string
	for _, n := range r.Nodes {
		if n.Offers {
			names = append(names, n.Name)
		}
	}
	switch {
	case len(names) == 0:
		return "<none>"
	case len(names) > 3:
		return fmt.Sprintf("%d of %d", len(names), len(r.Nodes))
	}
	return strings.Join(names, ",")
}

// whyNot is what stands in the way of the first node that does not offer it.
func (r listedRuntime) whyNot() string {
	for _, n := range r.Nodes {
		if len(n.Problems) > 0 {
			return n.Name + ": " + n.Problems[0].Message
		}
	}
	return "<none>"
}

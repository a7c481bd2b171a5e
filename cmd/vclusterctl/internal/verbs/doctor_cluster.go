package verbs

import (
	"context"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/access"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor/clustercheck"
)

// cluster says what is wrong with one virtual cluster.
func (o *DoctorOptions) cluster(ctx context.Context) error {
	t, vc, err := findCluster(ctx, o.Factory, o.Name)
	if err != nil {
		return err
	}
	observer, err := t.observer()
	if err != nil {
		return err
	}
	seen, err := observer.Observe(ctx, vc, o.Now())
	if err != nil {
		return err
	}
	report := clustercheck.Examine(seen, clustercheck.Params{Own: t.command, Program: o.Command, Kubectl: o.Kubectl})
	if err := doctor.Print(o.Out, report, o.Output); err != nil {
		return err
	}
	if report.Outcome == doctor.Problem {
		return cli.Fail("What to do is said above.", "something is wrong with virtual cluster %q in namespace %q", t.name, t.namespace)
	}
	return nil
}

// observer looks at the cluster in the ways that other verbs take.
func (t *target) observer() (*clustercheck.Observer, error) {
	config, err := t.RESTConfig()
	if err != nil {
		return nil, err
	}
	summary, err := clustercheck.SummaryOf(config)
	if err != nil {
		return nil, err
	}
	return &clustercheck.Observer{
		Client: t.client, Summary: summary,
		Pods: t.pods, Events: t.events,
		Route: func(ctx context.Context, vc *v1alpha1.VirtualCluster) (*access.Route, error) {
			return access.Open(ctx, access.Params{Host: config, Client: t.client, Cluster: vc, Context: t.name})
		},
		LastWords: func(ctx context.Context) (clustercheck.LastWords, error) {
			ctx, cancel := context.WithTimeout(ctx, lastWordsTimeout)
			defer cancel()
			node, entries, err := t.lastWords(ctx)
			words := clustercheck.LastWords{Node: node}
			for _, e := range entries {
				words.Lines = append(words.Lines, shortened(e.String()))
			}
			return words, err
		},
	}, nil
}

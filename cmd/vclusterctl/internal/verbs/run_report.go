package verbs

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/describe"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/evidence"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodeexec"
)

// collectTimeout bounds what is done for the report while a cluster waits to be
// deleted.
const collectTimeout = time.Minute

// runReport is what a run leaves behind for others to read: nothing, where
// nobody asked for it.
type runReport struct {
	o     *RunOptions
	begun time.Time
	cases []evidence.Case
}

func newRunReport(o *RunOptions) *runReport { return &runReport{o: o, begun: o.Now()} }

// begin makes room for the report: nobody should wait for a test only to hear
// that what it found is lost.
func (r *runReport) begin() error {
	if r.o.OutputDir == "" {
		return nil
	}
	if err := evidence.Begin(r.o.OutputDir); err != nil {
		return cli.Fail("Name a directory that can be written to with --output-dir", "%w", err)
	}
	return nil
}

// ready notes how the cluster came up.
func (r *runReport) ready(took time.Duration, err error) {
	r.cases = append(r.cases, evidence.Case{Name: "create", Took: took, Error: lineOf(err)})
}

// ran notes how the command went.
func (r *runReport) ran(took time.Duration, code int, err error) {
	c := evidence.Case{Name: strings.Join(r.o.Command, " "), Took: took, Error: lineOf(err)}
	if code != 0 {
		c.Failure = (&cli.ProgramExit{Code: code}).Error()
	}
	r.cases = append(r.cases, c)
}

func lineOf(err error) string {
	if err == nil {
		return ""
	}
	return cli.OneLine(err.Error())
}

// collect saves what there is to see of the cluster.
func (r *runReport) collect(ctx context.Context, t *target) {
	if r.o.OutputDir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, collectTimeout)
	defer cancel()
	if err := t.collect(ctx, r.o.OutputDir); err != nil {
		r.o.Hintf("warning: %s", cli.OneLine(err.Error()))
	}
	r.o.Hintf("What there is to see of the cluster is in %s", r.o.OutputDir)
}

// collect saves the state of a cluster, its events and the logs of its nodes: as
// much as can be had.
func (t *target) collect(ctx context.Context, dir string) error {
	in := describe.Input{Now: t.Now()}
	var err error
	if in.Cluster, err = t.get(ctx); err != nil {
		return err
	}
	source, err := t.logs()
	if err != nil {
		return err
	}
	source.Tell = func(string, ...any) {}
	in.Pods, in.PodsErr = t.pods(ctx)
	in.Events, in.EventsErr = t.events(ctx, in.Pods)
	nodes, nodeErr := nodeexec.List(ctx, t.client, t.namespace, t.name)
	return errors.Join(in.PodsErr, in.EventsErr, nodeErr, evidence.Save(ctx, dir, in, nodes, source))
}

// write writes the report of the whole, and gives the error of the run.
func (r *runReport) write(failed error) error {
	if r.o.OutputDir == "" {
		return failed
	}
	if failed != nil && len(r.cases) == 0 { // it did not come to a cluster
		r.ready(r.o.Now().Sub(r.begun), failed)
	}
	err := os.MkdirAll(r.o.OutputDir, 0o755)
	if err == nil {
		err = evidence.WriteJUnit(r.o.OutputDir, "vclusterctl run", r.begun, r.cases)
	}
	if err != nil {
		r.o.Hintf("warning: %s", cli.OneLine(err.Error()))
	}
	return failed
}

package verbs

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodeexec"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodelog"
)

const (
	// lastWords is how many lines of a log are shown where a cluster does not
	// come up, chosen from the last lookedAt.
	lastWords = 5
	lookedAt  = 300
	// lastWordsTimeout bounds what is only an addition.
	lastWordsTimeout = 10 * time.Second
)

// showLastWords shows what the node that holds a cluster up said last, where
// there is such a node. Who interrupts wants to go, and a host that cannot run
// nodes has none.
func (t *target) showLastWords(ctx context.Context, why error) {
	if ctx.Err() != nil || t.Explain(why).Code == cli.ExitRefused {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lastWordsTimeout)
	defer cancel()
	node, entries, err := t.lastWords(ctx)
	if err != nil && t.Verbose {
		t.Hintf("The log of its nodes cannot be read: %s", cli.OneLine(err.Error()))
	}
	if len(entries) == 0 {
		return
	}
	t.Hintf("What node %q said last:", node)
	for _, e := range entries {
		t.Hintf("  %s", shortened(cli.OneLine(e.String())))
	}
	t.Hintf("See more of it with: %s", t.Command("logs", nodeexec.Ref{Cluster: t.name, Node: node}.String(), "-n", t.namespace))
}

func (t *target) lastWords(ctx context.Context) (string, []nodelog.Entry, error) {
	source, err := t.logs()
	if err != nil {
		return "", nil, err
	}
	source.Tell = func(string, ...any) {}
	nodes, err := nodeexec.List(ctx, t.client, t.namespace, t.name)
	if err != nil || len(nodes) == 0 {
		return "", nil, err
	}
	// Nodes of pools wait for the servers, which come first.
	i := max(0, slices.IndexFunc(nodes, func(n nodeexec.Node) bool { return !n.Ready }))
	var entries []nodelog.Entry
	err = source.Read(ctx, nodes[i].Name, nodelog.Query{Tail: lookedAt}, func(e nodelog.Entry) error {
		entries = append(entries, e)
		return nil
	})
	if errors.Is(err, context.DeadlineExceeded) {
		err = nil // what came in time is something
	}
	return nodes[i].Name, nodelog.Relevant(entries, lastWords), err
}

// longest is how much of a line is shown where it is one of several.
const longest = 300

func shortened(line string) string {
	if runes := []rune(line); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return line
}

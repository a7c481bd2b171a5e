package serve

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

func TestJoinWords(t *testing.T) {
	const head = `time="2026-11-21T09:00:00Z" level=info msg="`
	cases := map[string]struct{ reason, lines, want string }{
		"Password": {
			"a node whose password is another one is refused for ever",
			head + `Waiting to retrieve agent configuration; server is not ready: /var/lib/rancher/k3s/agent/serving-kubelet.crt: Node password rejected, duplicate hostname"`,
			"/var/lib/rancher/k3s/agent/serving-kubelet.crt: Node password rejected, duplicate hostname",
		},
		"Authority": {
			"so is one that trusts another authority",
			head + `Failed to validate connection to cluster at https://10.96.0.9:6443: token CA hash does not match the Cluster CA certificate hash: a != b"`,
			"token CA hash does not match the Cluster CA certificate hash: a != b",
		},
		"Last": {
			"what held before may be mended, and K3s goes on talking",
			head + `Waiting to retrieve agent configuration; server is not ready: 503"` + "\n" +
				head + `Waiting to retrieve agent configuration; server is not ready: get \"x\": not authorized"` + "\n" +
				head + `Starting load balancer"`,
			`get "x": not authorized`,
		},
		"None": {"some say nothing of it", head + `Starting k3s agent"`, ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := joinWords(tc.lines); got != tc.want {
				t.Errorf("%s: got %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}

// TestJoining: the words of an agent that is refused are told once a server has
// had the time to boot, once as long as they are the same, and no longer than
// until it joins.
func TestJoining(t *testing.T) {
	refused := func(why string) string {
		return `level=info msg="Waiting to retrieve agent configuration; server is not ready: ` + why + `"`
	}
	began := time.Unix(1000, 0)
	steps := []struct {
		at    time.Duration
		lines string
		want  string // what is told from then on
	}{
		{joinPatience - joinEvery, refused("connect: connection refused"), ""},
		{joinPatience, refused("from 10.0.0.9:4711: not authorized"), "from 10.0.0.9:4711: not authorized"},
		{joinPatience + joinEvery, refused("from 10.0.0.9:4712: not authorized"), "from 10.0.0.9:4711: not authorized"},
		{joinPatience + 2*joinEvery, "", "from 10.0.0.9:4711: not authorized"}, // the journal can't be read
		{joinPatience + 3*joinEvery, refused("Node password rejected"), "Node password rejected"},
	}
	var lines string
	var told []*guestapi.Problem
	j := &joining{
		journal: func(context.Context) (string, error) {
			if lines == "" {
				return "", errors.New("no journal")
			}
			return lines, nil
		},
		report: func(p *guestapi.Problem) { told = append(told, p) },
	}
	ctx, cancel := context.WithCancel(t.Context())
	looks, done := make(chan time.Time), make(chan struct{})
	go func() {
		defer close(done)
		j.run(ctx, began, looks)
	}()
	for i, step := range steps {
		lines = step.lines
		looks <- began.Add(step.at)
		looks <- began // taken only once it has looked, and too early for another look
		got := ""
		if len(told) > 0 {
			got = told[len(told)-1].Message
		}
		if !strings.HasSuffix(got, step.want) || step.want == "" && got != "" {
			t.Errorf("step %d: told %q, want %q", i, got, step.want)
		}
	}
	if len(told) != 2 {
		t.Errorf("told %d times, want 2", len(told))
	}
	cancel()
	<-done
	if len(told) != 3 || told[2] != nil {
		t.Errorf("the problem does not end with the joining: %+v", told)
	}
}

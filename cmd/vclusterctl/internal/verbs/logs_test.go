package verbs

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodeexec"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodelog"
)

func TestLogsFlags(t *testing.T) {
	type want struct {
		Code  int
		Ref   nodeexec.Ref
		All   bool
		Query nodelog.Query
	}
	cases := map[string]struct {
		reason string
		args   []string
		want   want
	}{
		"Defaults": {reason: "All of the first server.", args: []string{"dev"}, want: want{Ref: nodeexec.Ref{Cluster: "dev"}, Query: nodelog.Query{Tail: nodelog.All}}},
		"Every": {
			reason: "Every flag arrives.", args: []string{"dev/work-0", "-f", "--unit=k3s", "-u", "etcd", "--since=5m", "--tail=0"},
			want: want{Ref: nodeexec.Ref{Cluster: "dev", Node: "work-0"}, Query: nodelog.Query{Follow: true, Units: []string{"k3s", "etcd"}, Since: 5 * time.Minute}},
		},
		"AllNodes":   {reason: "All nodes of a cluster.", args: []string{"dev", "--all-nodes"}, want: want{Ref: nodeexec.Ref{Cluster: "dev"}, All: true, Query: nodelog.Query{Tail: nodelog.All}}},
		"AllOfOne":   {reason: "One node is not all.", args: []string{"dev/work-0", "--all-nodes"}, want: want{Code: cli.ExitUsage}},
		"NoName":     {reason: "Of which cluster?", want: want{Code: cli.ExitUsage}},
		"NoNode":     {reason: "A slash promises a node.", args: []string{"dev/"}, want: want{Code: cli.ExitUsage}},
		"Future":     {reason: "Nothing was logged in the future.", args: []string{"dev", "--since=-5m"}, want: want{Code: cli.ExitUsage}},
		"BadTail":    {reason: "Fewer than none.", args: []string{"dev", "--tail=-2"}, want: want{Code: cli.ExitUsage}},
		"NoSuchForm": {reason: "Logs are no YAML.", args: []string{"dev", "-o", "yaml"}, want: want{Code: cli.ExitUsage}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			var got want
			verb := NewCmdLogs(f, func(_ context.Context, o *LogsOptions) error {
				got = want{Ref: o.Ref, All: o.AllNodes, Query: o.Query}
				return nil
			})
			got.Code, _ = call(t, f, verb, tc.args...)
			if diff := cmp.Diff(tc.want, got, cmpopts.IgnoreUnexported(nodelog.Query{})); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestLogsPrint(t *testing.T) {
	entry := nodelog.Entry{Node: "work-0", Time: time.UnixMicro(1500000), Name: "kubelet", PID: "7", Unit: "kubelet.service", Priority: 6, Message: "a\nb"}
	cases := map[string]struct {
		reason string
		set    func(*LogsOptions)
		want   string
	}{
		"Line":     {reason: "One node needs no name.", set: func(*LogsOptions) {}, want: "1970-01-01T00:00:01.500Z kubelet[7]: a\n    b\n"},
		"AllNodes": {reason: "Several do.", set: func(o *LogsOptions) { o.AllNodes = true }, want: "[work-0] 1970-01-01T00:00:01.500Z kubelet[7]: a\n    b\n"},
		"JSON": {
			reason: "An object a line, for programs.", set: func(o *LogsOptions) { o.Output = cli.OutputJSON },
			want: `{"node":"work-0","time":"1970-01-01T00:00:01.5Z","name":"kubelet","pid":"7","unit":"kubelet.service","priority":6,"message":"a\nb"}` + "\n",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			o := &LogsOptions{Factory: f}
			tc.set(o)
			if err := o.print(entry); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, stdout(f)); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if o.Output == cli.OutputJSON && !json.Valid([]byte(stdout(f))) {
				t.Errorf("%s\nno JSON: %s", tc.reason, stdout(f))
			}
		})
	}
}

func TestLogsExplain(t *testing.T) {
	boom := errors.New("boom")
	none := &nodeexec.NotFoundError{Ref: nodeexec.Ref{Cluster: "dev", Node: "x"}}
	other := &nodeexec.NotFoundError{Ref: nodeexec.Ref{Cluster: "dev", Node: "x"}, Have: []string{"server-0"}}
	cases := map[string]struct {
		reason      string
		follow      bool
		interrupted bool
		err         error
		shown       bool
		want        int
		says        string
	}{
		"Fine":           {reason: "Nothing to explain.", shown: true},
		"Nothing":        {reason: "An empty log is said to be empty, and with what it was asked for.", says: "Nothing was logged by unit k3s.\n"},
		"Interrupted":    {reason: "That is how following ends.", follow: true, interrupted: true, err: context.Canceled},
		"InterruptedOne": {reason: "What was to end by itself did not.", interrupted: true, err: context.Canceled, want: cli.ExitError},
		"Other":          {reason: "Any other error.", follow: true, err: boom, want: cli.ExitError},
		"NoNodes":        {reason: "Without nodes there is no log.", err: none, want: cli.ExitNotFound},
		"NoSuchNode":     {reason: "A node that there is not.", err: other, want: cli.ExitNotFound},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			o := &LogsOptions{Factory: f, Query: nodelog.Query{Follow: tc.follow, Units: []string{"k3s"}}}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if tc.interrupted {
				cancel()
			}
			err := o.explain(ctx, &target{Factory: f, name: "dev", namespace: "team"}, tc.err, tc.shown)
			got := 0
			if err != nil {
				got = f.Explain(err).Code
			}
			if got != tc.want {
				t.Errorf("%s\nexit code %d for %v, want %d", tc.reason, got, err, tc.want)
			}
			if said := stderr(f); said != tc.says {
				t.Errorf("%s\nsays %q, want %q", tc.reason, said, tc.says)
			}
		})
	}
}

package verbs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// hostAt points a factory at a server.
func hostAt(t *testing.T, f *cli.Factory, server string) {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["h"] = &clientcmdapi.Cluster{Server: server}
	config.Contexts["h"] = &clientcmdapi.Context{Cluster: "h"}
	config.CurrentContext = "h"
	data, err := clientcmd.Write(*config)
	if err != nil {
		t.Fatal(err)
	}
	*f.Flags.KubeConfig = filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(*f.Flags.KubeConfig, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestShowLastWords(t *testing.T) {
	const (
		fine = "2026-11-21T08:00:00.5Z all is well\n"
		bad  = "2026-11-21T08:00:01.5Z panic: no such thing\n"
	)
	stalled := cli.Fail("", "cannot go on")
	node := nodePod("dev-server-0")
	node.Labels[v1alpha1.LabelPool], node.Labels[v1alpha1.LabelRole] = "server", "server"
	cases := map[string]struct {
		reason      string
		nodes       []client.Object
		why         error
		log         string
		interrupted bool
		verbose     bool
		want        string
	}{
		"Cause": {
			reason: "What went wrong is chosen, and where the rest is.", nodes: []client.Object{node}, why: stalled, log: fine + bad + fine,
			want: "What node \"server-0\" said last:\n  2026-11-21T08:00:01.500Z console: panic: no such thing\nSee more of it with: vclusterctl logs dev/server-0 -n default --kubeconfig FILE\n",
		},
		"Late": {
			reason: "A cluster that takes too long may have a cause, too.", nodes: []client.Object{node}, why: cli.TimedOut("", "late"), log: fine,
			want: "What node \"server-0\" said last:\n  2026-11-21T08:00:00.500Z console: all is well\nSee more of it with: vclusterctl logs dev/server-0 -n default --kubeconfig FILE\n",
		},
		"Painted": {
			reason: "What runs inside does not paint on the screen.", nodes: []client.Object{node}, why: stalled, log: "2026-11-21T08:00:01.5Z \x1b[2Jpanic:\u202e no\b such\x1b]0;title\a thing\n",
			want: "What node \"server-0\" said last:\n  2026-11-21T08:00:01.500Z console: panic: no such thing\nSee more of it with: vclusterctl logs dev/server-0 -n default --kubeconfig FILE\n",
		},
		"NoNode":      {reason: "Without nodes nobody says anything.", why: stalled},
		"Silent":      {reason: "A node that said nothing is not quoted.", nodes: []client.Object{node}, why: stalled},
		"Refused":     {reason: "A host that cannot run nodes has none that matter.", nodes: []client.Object{node}, why: cli.Refused("", "no"), log: bad},
		"Interrupted": {reason: "Who interrupts wants to go.", nodes: []client.Object{node}, why: context.Canceled, log: bad, interrupted: true},
		"Unreadable": {
			reason: "That the log cannot be read is for those who look into it.", nodes: []client.Object{node}, why: stalled, log: "refuse", verbose: true,
			want: "The log of its nodes cannot be read: read the log of pod \"dev-server-0\"",
		},
		"UnreadableToOthers": {reason: "Others have the error they came for.", nodes: []client.Object{node}, why: errors.New("boom"), log: "refuse"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if tc.log == "refuse" {
					w.WriteHeader(http.StatusForbidden)
				}
				_, _ = fmt.Fprint(w, tc.log)
			}))
			defer server.Close()
			f := testFactory(t)
			hostAt(t, f, server.URL)
			c := withCluster(t, f, onWatch(t, nil), tc.nodes...)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if tc.interrupted {
				cancel()
			}
			tg := &target{Factory: f, client: c, namespace: "default", name: "dev"}
			f.Verbose = tc.verbose
			tg.showLastWords(ctx, tc.why)
			got := stderr(f)
			if tc.verbose && strings.Contains(got, tc.want) {
				return // requests are shown, too
			}
			if diff := cmp.Diff(tc.want, strings.ReplaceAll(got, *f.Flags.KubeConfig, "FILE")); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestShortened(t *testing.T) {
	for _, tc := range []struct{ reason, line, want string }{
		{"Short lines stay.", "a", "a"},
		{"Long ones end, and not within a letter.", strings.Repeat("ä", 301), strings.Repeat("ä", 300) + "…"},
	} {
		if got := shortened(tc.line); got != tc.want {
			t.Errorf("%s\nshortened(): got %q", tc.reason, got)
		}
	}
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

const (
	auditLog = "/var/log/bench-audit.log"
	// controllerUser is who the controller is to the host's API server.
	controllerUser = "system:serviceaccount:" + harness.ControllerNamespace + ":vclusterctl"
)

// auditScript has the host's API server write down every request of the
// controller that has been answered.
const auditScript = `set -e
cat >/run/vcluster/audit.yaml <<'EOF'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- level: Metadata
  users: ["` + controllerUser + `"]
- level: None
EOF
sed -i 's|^ARGS=|ARGS=--audit-policy-file=/run/vcluster/audit.yaml --audit-log-path=` + auditLog + ` |' /run/vcluster/args/kube-apiserver
systemctl restart kube-apiserver`

// audit switches the log on, before the controller is there.
func (b *bench) audit(ctx context.Context) error {
	if _, err := b.host.OnNode(ctx, "sh", "-c", auditScript); err != nil {
		return fmt.Errorf("switch the audit log on: %w", err)
	}
	return b.host.Eventually(ctx, func() error {
		_, err := b.host.Clientset.Discovery().ServerVersion()
		return err
	})
}

// request is what the audit log says of one.
type request struct {
	Verb       string    `json:"verb"`
	RequestURI string    `json:"requestURI"`
	At         time.Time `json:"requestReceivedTimestamp"`
	Object     struct {
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
	} `json:"objectRef"`
}

// tally are the requests of a time that change something.
type tally struct {
	// writes are the ones that count; apart are Leases and Events, dryRuns
	// are rehearsals, which change nothing.
	writes, apart, dryRuns int
	// reads are all others.
	reads int
	// kinds are the writes by verb and resource.
	kinds map[string]int
}

var mutating = []string{"create", "update", "patch", "delete", "deletecollection"}

func (t *tally) add(r request) {
	switch {
	case !slices.Contains(mutating, r.Verb):
		t.reads++
	case strings.Contains(r.RequestURI, "dryRun="):
		t.dryRuns++
	case r.Object.Resource == "leases" || r.Object.Resource == "events":
		t.apart++
	default:
		t.writes++
		t.kinds[strings.TrimSuffix(r.Verb+" "+r.Object.Resource+"/"+r.Object.Subresource, "/")]++
	}
}

// tallyBetween reads the controller's requests between two moments.
func (b *bench) tallyBetween(ctx context.Context, from, to time.Time) (tally, error) {
	out, err := b.host.OnNode(ctx, "cat", auditLog)
	if err != nil {
		return tally{}, err
	}
	return countRequests(out, from, to)
}

func countRequests(log string, from, to time.Time) (tally, error) {
	t := tally{kinds: map[string]int{}}
	lines := bufio.NewScanner(strings.NewReader(log))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return t, fmt.Errorf("read the audit log: %w", err)
		}
		if !r.At.Before(from) && r.At.Before(to) {
			t.add(r)
		}
	}
	return t, lines.Err()
}

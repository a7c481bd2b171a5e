package serve

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/network"
	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/prepare"
	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/report"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

// thisNode knows when the node serves its purpose.
type thisNode struct {
	role   guestapi.Role
	config guestapi.NodeConfig
	name   string
	// stopped is why preparation did not let the node start.
	stopped []guestapi.Problem
	store   *report.Store
	log     *slog.Logger
	client  *http.Client
	// roster takes nodes that are not wanted out of the cluster inside.
	roster *roster
	// unanswered counts the probes in a row that failed.
	unanswered atomic.Int32
	// answered holds one signal that the kubelet's probe found the node ready.
	answered chan struct{}
}

func newNode(outcome prepare.Outcome, store *report.Store, log *slog.Logger) *thisNode {
	return &thisNode{
		role: outcome.Config.Role, config: outcome.Config, name: outcome.Node, stopped: outcome.Problems,
		store: store, log: log, roster: newRoster(outcome.Node, log), answered: make(chan struct{}, 1),
		client: &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{TLSClientConfig: pinnedTLS()}},
	}
}

// pinnedTLS trusts the cluster's own CA only. Without it nothing verifies, and
// the node is simply not ready. A server shows its own administrator's
// certificate: the API of K3s answers nobody else.
func pinnedTLS() *tls.Config {
	pool := x509.NewCertPool()
	if ca, err := os.ReadFile(guestapi.JoinDir + "/" + guestapi.JoinCACert); err == nil {
		pool.AppendCertsFromPEM(ca)
	}
	config := &tls.Config{RootCAs: pool, ServerName: guestapi.FixedServerName, MinVersion: tls.VersionTLS12}
	if admin, err := rest.TLSConfigFor(adminConfig()); err == nil && admin != nil {
		config.Certificates, config.GetClientCertificate = admin.Certificates, admin.GetClientCertificate
	}
	return config
}

// adminConfig is the access of this server's own administrator; on a pool node
// there is none.
func adminConfig() *rest.Config {
	config, err := clientcmd.BuildConfigFromFlags("", node.SuperAdminConfig)
	if err != nil {
		return &rest.Config{}
	}
	return config
}

// purposeURL is what must answer 200: the API of a server, the kubelet of a
// pool node.
func (n *thisNode) purposeURL() string {
	if n.role == guestapi.RoleServer {
		return "https://127.0.0.1:" + strconv.Itoa(node.APIPort) + "/readyz"
	}
	return "http://127.0.0.1:10248/healthz" // the kubelet's default health port
}

// ready asks the component itself each time, so that it never says yes for one
// that has died since.
func (n *thisNode) ready(ctx context.Context) error {
	if len(n.stopped) > 0 {
		return errors.New(n.stopped[0].Message)
	}
	if n.role == guestapi.RoleAgent {
		if err := joined(node.KubeletCredentials(n.config)); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, n.purposeURL(), nil)
	if err != nil {
		return err
	}
	response, err := n.client.Do(request)
	if err != nil {
		return fmt.Errorf("not serving yet: %w", err)
	}
	body, readErr := io.ReadAll(io.LimitReader(response.Body, 512))
	if err := errors.Join(readErr, response.Body.Close()); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s: %s", n.purposeURL(), response.Status, strings.TrimSpace(string(body)))
	}
	return nil
}

// failedProbes is how many of the kubelet's probes in a row make a pod not
// ready; the report follows it.
const failedProbes = 3

// probe answers the kubelet, and keeps the report's word on the API as true as
// the readiness of the pod is. Nobody else needs to ask.
func (n *thisNode) probe(ctx context.Context) error {
	err := n.ready(ctx)
	if err == nil {
		select {
		case n.answered <- struct{}{}:
		default: // it is known already
		}
	}
	switch {
	case n.role != guestapi.RoleServer:
	case err == nil:
		n.unanswered.Store(0)
		n.store.Update(func(r *guestapi.Report) { r.APIServing = true })
	case n.unanswered.Add(1) >= failedProbes:
		n.store.Update(func(r *guestapi.Report) { r.APIServing = false })
	}
	return err
}

// joined says whether a pool node's kubelet has got its credentials from the
// cluster. It answers its own health check long before.
func joined(credentials string) error {
	if _, err := os.Stat(credentials); err != nil {
		return fmt.Errorf("not joined yet: the cluster has not signed this node's certificate: %w", err)
	}
	return nil
}

// watch follows the node to the point where a pod can start, and on from there.
func (n *thisNode) watch(ctx context.Context) error {
	stop := n.followJoining(ctx)
	err := n.awaitReady(ctx)
	stop()
	if err != nil {
		return ignoreCanceled(err)
	}
	if n.role != guestapi.RoleServer {
		n.store.Pass(guestapi.MilestoneJoined)
		return nil
	}
	if at, err := unitActiveSince(ctx, "etcd.service"); err == nil {
		n.store.PassAt(guestapi.MilestoneDatastore, at)
	}
	n.store.Update(func(r *guestapi.Report) { r.APIServing = true })
	n.store.Pass(guestapi.MilestoneAPI)
	if !n.config.ControlPlaneOnly {
		go n.awaitNetwork(ctx)
	}
	return ignoreCanceled(n.watchCluster(ctx))
}

// awaitNetwork notes when pods of this node have a network.
func (n *thisNode) awaitNetwork(ctx context.Context) {
	if err := network.AwaitConfig(ctx, n.config.Distro); err == nil {
		n.store.Pass(guestapi.MilestoneNetwork)
		n.checkSchedulable()
	}
}

// awaitReady asks until the answer is yes. There is nothing to watch: a
// process that has not opened its port yet tells nobody.
func (n *thisNode) awaitReady(ctx context.Context) error {
	p := pace{}
	for {
		err := n.ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-n.answered:
		case <-time.After(p.next(err, time.Now())):
		}
	}
}

// The time between two questions whether a node is ready.
const (
	shortestPause = 100 * time.Millisecond
	longestPause  = 500 * time.Millisecond
)

// pace is how often a node is asked whether it is ready. To ask where nobody
// listens costs nothing. Whoever answers no writes into its journal what it still
// lacks, each time, so that one that takes long is asked less often: it is then
// found ready later by no more than a tenth of the time that it took.
type pace struct {
	// since is when the first answer came.
	since time.Time
}

// next is how long to wait after an answer.
func (p *pace) next(answer error, now time.Time) time.Duration {
	if errors.Is(answer, unix.ECONNREFUSED) || errors.Is(answer, fs.ErrNotExist) {
		return shortestPause
	}
	if p.since.IsZero() {
		p.since = now
	}
	return min(max(now.Sub(p.since)/10, shortestPause), longestPause)
}

func ignoreCanceled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

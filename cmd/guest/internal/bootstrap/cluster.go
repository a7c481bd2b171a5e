package bootstrap

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/prepare"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

// step is one thing a new cluster needs. Each can be repeated at every boot.
type step struct {
	name string
	do   func(context.Context) error
}

// common steps, in order: what pods wait for comes first.
var common = []step{
	{"rights of the nodes, storage", manifests(node.ManifestDir)},
	{"cluster DNS", clusterDNS},
	{"handed-in manifests", manifests(guestapi.ManifestDir)},
}

// labelServer is the step that needs the server to be a node.
const labelServer = "label of the server"

// steps of each distro. K3s joins and labels its nodes itself, but tells
// nobody when its API serves.
var steps = map[string][]step{
	guestapi.DistroK8s: append(slices.Clone(common),
		step{"bootstrap tokens", kubeadm("bootstrap-token")},
		step{"kubeadm's configuration", kubeadm("upload-config", "kubeadm")},
		step{labelServer, kubeadm("mark-control-plane")},
	),
	guestapi.DistroK3s: append([]step{{"API", awaitAPI}}, common...),
}

// Cluster sets the cluster up through its API.
func Cluster(ctx context.Context, log *slog.Logger) error {
	outcome, err := prepare.LoadOutcome(prepare.OutcomeFile)
	if err != nil {
		return fmt.Errorf("find out this node's distro: %w", err)
	}
	for _, s := range stepsOf(outcome) {
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		log.Info("done", "step", s.name)
	}
	return nil
}

// stepsOf is what this node's cluster needs. The outermost one also tells what
// its node can do: it is a host.
func stepsOf(outcome prepare.Outcome) []step {
	all := steps[outcome.Config.Distro]
	if outcome.Config.ControlPlaneOnly {
		all = slices.DeleteFunc(slices.Clone(all), func(s step) bool { return s.name == labelServer })
	}
	if !outcome.Config.Bare {
		return all
	}
	return append(slices.Clone(all), step{"abilities of the host", func(ctx context.Context) error { return tellAbilities(ctx, outcome) }})
}

// kubeadm runs one phase of kubeadm init.
func kubeadm(phase ...string) func(context.Context) error {
	return func(ctx context.Context) error {
		return run(ctx, nil, "kubeadm", kubeadmArgs(phase...)...)
	}
}

// kubeadmArgs needs no paths: the image links /etc/kubernetes to where this
// node keeps its credentials.
func kubeadmArgs(phase ...string) []string {
	args := append([]string{"init", "phase"}, phase...)
	return append(args, "--config", node.KubeadmConfig)
}

// manifests applies every file of a folder, in the order of their names.
func manifests(dir string) func(context.Context) error {
	return func(ctx context.Context) error {
		files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
		if err != nil {
			return err
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			if err := apply(ctx, content); err != nil {
				return fmt.Errorf("%s: %w", filepath.Base(file), err)
			}
		}
		return nil
	}
}

// clusterDNS applies kubeadm's own CoreDNS manifest, made fit for a small
// cluster that starts in seconds.
func clusterDNS(ctx context.Context) error {
	var out bytes.Buffer
	args := append(kubeadmArgs("addon", "coredns"), "--print-manifest")
	command := exec.CommandContext(ctx, "kubeadm", args...)
	command.Stdout = &out
	command.Stderr = os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("kubeadm %v: %w", args, err)
	}
	manifest, err := fitDNS(out.Bytes())
	if err != nil {
		return err
	}
	return apply(ctx, manifest)
}

// fitDNS changes two things in kubeadm's manifest: one replica instead of two,
// because most clusters have one node, and a look at its readiness every
// second, because with the default names resolve ten seconds late whenever the
// first look came too early.
func fitDNS(manifest []byte) ([]byte, error) {
	for _, change := range [][2]string{
		{"  replicas: 2\n", "  replicas: 1\n"},
		{"        readinessProbe:\n", "        readinessProbe:\n          periodSeconds: 1\n"},
	} {
		if bytes.Count(manifest, []byte(change[0])) != 1 {
			return nil, fmt.Errorf("kubeadm's CoreDNS manifest has changed: %q is not in it once", change[0])
		}
		manifest = bytes.Replace(manifest, []byte(change[0]), []byte(change[1]), 1)
	}
	return manifest, nil
}

func apply(ctx context.Context, manifest []byte) error {
	return run(ctx, bytes.NewReader(manifest), "kubectl", "--kubeconfig", node.SuperAdminConfig,
		"apply", "--server-side", "--force-conflicts", "--field-manager=vcluster-guest", "--filename=-")
}

// run keeps a command's output for the error only.
func run(ctx context.Context, stdin io.Reader, name string, args ...string) error {
	command := exec.CommandContext(ctx, name, args...)
	command.Stdin = stdin
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w: %s", name, args, err, bytes.TrimSpace(out))
	}
	return nil
}

package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/images"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
	"github.com/vclusterctl/vclusterctl/kubeconfig/pki"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/test/bench/bare"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// bareKubeconfig is where a bare node finds how to watch itself.
const bareKubeconfig = "bench/kubeconfig"

// bareStart is how bare processes are started.
type bareStart struct {
	// datastore is that of the virtual cluster beside them.
	datastore string
	// keep leaves their state for the next start, which finds it.
	keep bool
	// sizes are to be measured, too, and not only times.
	sizes bool
}

// bareBoot starts the same components without a virtual cluster, follows them
// to a running pod, and stops them. The clock starts when configuration and
// certificates are there and the first process is about to start.
func (b *bench) bareBoot(ctx context.Context, d harness.Distro, how bareStart) (boot, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, stepTimeout, fmt.Errorf("bare processes of %s took more than %s", d.Name, stepTimeout))
	defer cancel()
	dir := b.bareDir(d.Name)
	files, err := b.bareFiles(d.Name, how.datastore)
	if err != nil {
		return boot{}, err
	}
	n, err := bare.Start(ctx, dir, b.rootfs, files)
	if err != nil {
		return boot{}, err
	}
	found, err := b.watchBare(ctx, n, how.sizes)
	if stopErr := n.Stop(); err == nil {
		err = stopErr
	}
	if err == nil && !how.keep {
		err = os.RemoveAll(dir)
	}
	found.datastore = how.datastore
	return found, err
}

func (b *bench) bareDir(d v1alpha1.Distro) string { return filepath.Join(b.dir, "bare-"+string(d)) }

func (b *bench) watchBare(ctx context.Context, n *bare.Node, sizes bool) (boot, error) {
	m := newMarks()
	err := n.Wait(ctx, func(e bare.Event) bool {
		if e.Name == bare.EventStarted {
			m.begin = e.Time
		}
		m.pass(e.Name, e.Time)
		return e.Name == markRunning
	})
	if err != nil {
		return boot{}, err
	}
	found := boot{marks: m.seen}
	if !sizes {
		return found, nil
	}
	if found.busy, err = usageBelow(n.PID, false); err != nil {
		return boot{}, err
	}
	if err := pause(ctx, settling); err != nil {
		return boot{}, err
	}
	if found.settled, err = usageBelow(n.PID, false); err != nil {
		return boot{}, err
	}
	found.state, err = diskUsage(ctx, filepath.Join(n.Dir, "state"))
	return found, err
}

// bareFiles are the configuration of a node as a virtual cluster's server has
// it, on the same datastore, with an identity that all bare nodes of a run share.
func (b *bench) bareFiles(d v1alpha1.Distro, datastore string) (map[string][]byte, error) {
	config, err := yaml.Marshal(bareNodeConfig(d, datastore))
	if err != nil {
		return nil, err
	}
	identity, err := b.bareIdentity(d)
	if err != nil {
		return nil, err
	}
	files := maps.Clone(identity)
	files[relative(guestapi.NodeConfigFile)] = config
	return files, nil
}

// bareIdentity is what does not depend on the node's configuration.
func (b *bench) bareIdentity(d v1alpha1.Distro) (map[string][]byte, error) {
	if files, ok := b.bareConfig[d]; ok {
		return files, nil
	}
	id, err := pki.NewIdentity(d, time.Now(), rand.Reader)
	if err != nil {
		return nil, err
	}
	join, err := pki.NewJoin(id, time.Now(), rand.Reader)
	if err != nil {
		return nil, err
	}
	access, err := bareAccess(id)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{
		relative(guestapi.PodIndexFile): []byte("0"),
		relative(guestapi.PodUIDFile):   []byte("bare"),
		bareKubeconfig:                  access,
	}
	for dir, content := range map[string]map[string][]byte{guestapi.IdentityDir: id.Files(), guestapi.JoinDir: join} {
		for name, data := range content {
			files[path.Join(relative(dir), name)] = data
		}
	}
	b.bareConfig[d] = files
	return files, nil
}

func relative(p string) string { return strings.TrimPrefix(p, guestapi.ConfigDir+"/") }

func bareNodeConfig(d v1alpha1.Distro, datastore string) guestapi.NodeConfig {
	in := cluster.Input{
		Name: "bare", Namespace: namespace, APIAddress: "127.0.0.1",
		Resolved: v1alpha1.Resolved{
			Distro: d, Version: images.KubernetesVersion,
			PodCIDR: "10.52.0.0/16", ServiceCIDR: "10.53.0.0/16", ClusterDomain: "cluster.local", Datastore: datastore,
		},
	}
	config := cluster.NodeConfig(in, cluster.Servers(in.Spec))
	config.Bare = true
	return config
}

func bareAccess(id pki.Identity) ([]byte, error) {
	credentials, err := id.ClientCert("bench", []string{"system:masters"}, time.Hour, time.Now(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return kubeconfig.Build(kubeconfig.Params{
		Name: "bare", Server: "https://127.0.0.1:" + strconv.Itoa(cluster.APIPort), TLSServerName: guestapi.FixedServerName,
		CA: id.ServerCA(), ClientCert: credentials.Cert, ClientKey: credentials.Key,
	})
}

// observeBare is what PID 1 of a bare node does beside starting processes.
func observeBare(ctx context.Context, passed func(string, time.Time)) error {
	data, err := os.ReadFile(filepath.Join(guestapi.ConfigDir, bareKubeconfig))
	if err != nil {
		return err
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(data)
	if err != nil {
		return err
	}
	return observe(ctx, config, passed)
}

// diskUsage is what a directory takes on disk, in bytes.
func diskUsage(ctx context.Context, dir string) (float64, error) {
	// Files come and go while du looks: what it says in the end counts.
	out, err := exec.CommandContext(ctx, "du", "--summarize", "--one-file-system", "--block-size=1", dir).Output()
	size, _, _ := strings.Cut(string(out), "\t")
	bytes, parseErr := strconv.ParseFloat(size, 64)
	if parseErr != nil {
		return 0, fmt.Errorf("size of %q: %w", dir, err)
	}
	return bytes, nil
}

package host

import (
	"path/filepath"

	"github.com/vclusterctl/vclusterctl/host/internal/network"
)

// settingsFile is called the same in the state of every host.
const settingsFile = "settings.json"

// names are where everything of one host is, and what it is called.
type names struct {
	// Below the state root: what lasts.
	state      string // the directory of the host
	images     string // unpacked images
	data       string // what the node keeps: etcd, kubelet, containerd
	identity   string // who the host is
	join       string // how its node and we prove it
	scratch    string // what the node's system writes; new for each start
	settings   string // what was chosen once
	kubeconfig string // how to reach the host
	// Below the run root: what belongs to one run.
	run     string // the directory of the host
	lock    string // held while a command works on the host
	record  string // what is running
	config  string // what the node is told, with its credentials
	bundle  string // the container's configuration
	root    string // the container's root file system
	console string // what the container prints
	runc    string // the OCI runtime's state
	cgroup2 string // the unified hierarchy, where the machine has it nowhere

	id      string // of the container and its cgroup
	network network.Names
}

func namesOf(o Options) names {
	state, run := filepath.Join(o.StateRoot, o.Name), filepath.Join(o.RunRoot, o.Name)
	id := "vclusterctl-" + o.Name
	return names{
		state:      state,
		images:     filepath.Join(state, "rootfs"),
		data:       filepath.Join(state, "state"),
		identity:   filepath.Join(state, "identity"),
		join:       filepath.Join(state, "join"),
		scratch:    filepath.Join(state, "scratch"),
		settings:   filepath.Join(state, settingsFile),
		kubeconfig: filepath.Join(state, "kubeconfig"),
		run:        run,
		lock:       run + ".lock",
		record:     filepath.Join(run, "record.json"),
		config:     filepath.Join(run, "config"),
		bundle:     filepath.Join(run, "bundle"),
		root:       filepath.Join(run, "root"),
		console:    filepath.Join(run, "console.log"),
		runc:       filepath.Join(run, "runc"),
		cgroup2:    filepath.Join(run, "cgroup2"),
		id:         id,
		network:    network.Names{Namespace: id, Link: "vcl" + o.Name + "0", Table: id},
	}
}

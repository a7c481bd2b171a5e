//go:build linux

package bare

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

// Environment of the process that becomes PID 1 of the node.
const (
	dirEnv = "VCLUSTERCTL_BENCH_BARE"
	// address of the node's only interface; nothing outside can be reached.
	address = "192.0.2.2/24"
	gateway = "192.0.2.1"
)

// Below the root file system, while the node runs.
const (
	runDir  = "/run/bare"
	cgroups = "/sys/fs/cgroup"
)

// skipped units only speak with systemd or the host's controller.
var skipped = []string{"vcluster-prepare.service", "vcluster-guest.service"}

// Event is what the node tells its starter.
type Event struct {
	// Name of a milestone, or of a unit that is ready.
	Name string    `json:"name"`
	Time time.Time `json:"time"`
	// Error ends the node.
	Error string `json:"error,omitempty"`
}

// Events of the node itself.
const (
	EventPrepared = "prepared" // configuration and certificates are written
	EventStarted  = "started"  // the clock starts: the first process is about to
)

// IsInside says whether this process was started to be PID 1 of a bare node. A
// program that uses Start calls Inside first thing if so.
func IsInside() bool { return os.Getenv(dirEnv) != "" }

// Inside is the life of that process. It ends with the node. observe is told of
// the moment when the clock starts, and sends its own events.
func Inside(ctx context.Context, observe func(ctx context.Context, send func(name string, at time.Time)) error) error {
	out := json.NewEncoder(os.NewFile(3, "events"))
	send := make(chan Event)
	go func() {
		for e := range send {
			_ = out.Encode(e) // whoever does not listen any more does not care
		}
	}()
	say := func(name string, at time.Time) { send <- Event{Name: name, Time: at} }
	if err := live(ctx, say, observe); err != nil {
		send <- Event{Time: time.Now(), Error: err.Error()}
		<-ctx.Done()
	}
	return nil
}

func live(ctx context.Context, say func(string, time.Time), observe func(context.Context, func(string, time.Time)) error) error {
	if err := enter(os.Getenv(dirEnv)); err != nil {
		return fmt.Errorf("set the node up: %w", err)
	}
	if out, err := exec.CommandContext(ctx, "/usr/local/bin/guest", "prepare").CombinedOutput(); err != nil {
		return fmt.Errorf("prepare the node: %w: %s", err, out)
	}
	if err := withoutSystemd(); err != nil {
		return err
	}
	units, err := loadUnits("/", skipped)
	if err != nil {
		return err
	}
	say(EventPrepared, time.Now())
	supervisor := &supervisor{dir: runDir, cgroups: cgroups, passed: func(unit string) { say(unit, time.Now()) }}
	say(EventStarted, time.Now())
	go supervisor.run(ctx, units)
	if err := observe(ctx, say); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// enter makes the namespaces that this process is in a node.
func enter(dir string) error {
	for _, step := range []func(string) error{leaveCgroup, mountAll, pivot, network} {
		if err := step(dir); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(runDir, 0o700); err != nil {
		return err
	}
	// CoreDNS does not start without a server to ask, be it one that never
	// answers.
	if err := os.WriteFile("/etc/resolv.conf", []byte("nameserver "+gateway+"\n"), 0o644); err != nil {
		return err
	}
	return unix.Sethostname([]byte("bare"))
}

// leaveCgroup moves this process out of the root of its cgroup namespace: only
// a group without processes can hand controllers on.
func leaveCgroup(dir string) error {
	mount := filepath.Join(dir, "root"+cgroups)
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	layers := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", filepath.Join(dir, "image"), filepath.Join(dir, "upper"), filepath.Join(dir, "work"))
	if err := unix.Mount("overlay", filepath.Join(dir, "root"), "overlay", 0, layers); err != nil {
		return fmt.Errorf("mount the root file system: %w", err)
	}
	if err := unix.Mount("sysfs", filepath.Join(dir, "root/sys"), "sysfs", 0, ""); err != nil {
		return fmt.Errorf("mount sysfs: %w", err)
	}
	if err := unix.Mount("cgroup2", mount, "cgroup2", 0, ""); err != nil {
		return fmt.Errorf("mount cgroup2: %w", err)
	}
	own := filepath.Join(mount, "starter")
	if err := os.Mkdir(own, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(own, "cgroup.procs"), []byte("0"), 0); err != nil {
		return err
	}
	available, err := os.ReadFile(filepath.Join(mount, "cgroup.controllers"))
	if err != nil {
		return err
	}
	for controller := range strings.FieldsSeq(string(available)) {
		// One that the kernel refuses is missing, as it is for a pod.
		_ = os.WriteFile(filepath.Join(mount, "cgroup.subtree_control"), []byte("+"+controller), 0)
	}
	return nil
}

// mountAll mounts what a node has beside its root file system.
func mountAll(dir string) error {
	root := func(path string) string { return filepath.Join(dir, "root", path) }
	for _, m := range []struct{ source, target, kind, data string }{
		{"proc", "/proc", "proc", ""},
		{"tmpfs", "/dev", "tmpfs", "mode=755"},
		{"tmpfs", "/run", "tmpfs", "mode=755"},
		{"tmpfs", "/tmp", "tmpfs", "mode=1777"},
		{"devpts", "/dev/pts", "devpts", "newinstance,ptmxmode=0666,mode=0620,gid=5"},
		{"tmpfs", "/dev/shm", "tmpfs", "mode=1777"},
		{"mqueue", "/dev/mqueue", "mqueue", ""},
	} {
		if err := os.MkdirAll(root(m.target), 0o755); err != nil {
			return err
		}
		if err := unix.Mount(m.source, root(m.target), m.kind, 0, m.data); err != nil {
			return fmt.Errorf("mount %s: %w", m.target, err)
		}
	}
	for _, name := range []string{"null", "zero", "full", "random", "urandom", "tty"} {
		if err := bindFile("/dev/"+name, root("/dev/"+name)); err != nil {
			return err
		}
	}
	if err := os.Symlink("pts/ptmx", root("/dev/ptmx")); err != nil {
		return err
	}
	return bindDirs(dir, root)
}

// bindDirs puts what is handed in, and the state, where the guest looks.
func bindDirs(dir string, root func(string) string) error {
	mounts := map[string]string{"config": guestapi.ConfigDir}
	for i, target := range stateDirs {
		mounts[fmt.Sprintf("state/%d", i)] = target
	}
	for source, target := range mounts {
		source = filepath.Join(dir, source)
		for _, d := range []string{source, root(target)} {
			if err := os.MkdirAll(d, 0o755); err != nil {
				return err
			}
		}
		if err := unix.Mount(source, root(target), "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return fmt.Errorf("bind %s: %w", target, err)
		}
	}
	return nil
}

func bindFile(source, target string) error {
	if err := os.WriteFile(target, nil, 0o600); err != nil {
		return err
	}
	if err := unix.Mount(source, target, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind %s: %w", source, err)
	}
	return nil
}

func pivot(dir string) error {
	root := filepath.Join(dir, "root")
	if err := os.Chdir(root); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leave the machine's root: %w", err)
	}
	return os.Chdir("/")
}

// network gives the node an interface with an address and a default route that
// leads nowhere: a link between two ends that are both in here.
func network(string) error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return err
	}
	attributes := netlink.NewLinkAttrs()
	attributes.Name = "eth0"
	if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: attributes, PeerName: "nowhere"}); err != nil {
		return fmt.Errorf("add eth0: %w", err)
	}
	for _, name := range []string{"nowhere", "eth0"} {
		link, err := netlink.LinkByName(name)
		if err != nil {
			return err
		}
		if err := netlink.LinkSetUp(link); err != nil {
			return err
		}
	}
	return addressAndRoute()
}

func addressAndRoute() error {
	eth0, err := netlink.LinkByName("eth0")
	if err != nil {
		return err
	}
	addr, err := netlink.ParseAddr(address)
	if err != nil {
		return err
	}
	if err := netlink.AddrAdd(eth0, addr); err != nil {
		return fmt.Errorf("give eth0 its address: %w", err)
	}
	route, err := defaultRoute(eth0.Attrs().Index)
	if err != nil {
		return err
	}
	if err := netlink.RouteAdd(route); err != nil {
		return fmt.Errorf("add the default route: %w", err)
	}
	return nil
}

// withoutSystemd has cgroups made directly: there is no systemd to ask.
func withoutSystemd() error {
	for path, change := range map[string][2]string{
		node.RunDir + "/containerd.toml": {"SystemdCgroup = true", "SystemdCgroup = false"},
		node.RunDir + "/kubelet.yaml":    {"cgroupDriver: systemd", "cgroupDriver: cgroupfs"},
	} {
		content, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			continue // another distro's
		}
		if err != nil {
			return err
		}
		changed := strings.Replace(string(content), change[0], change[1], 1)
		if changed == string(content) {
			return fmt.Errorf("%s: %q is not in it any more", path, change[0])
		}
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			return err
		}
	}
	return nil
}

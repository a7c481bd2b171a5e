package facts

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// BridgeFilter is there, in every network namespace, once the kernel has the
// module br_netfilter.
const BridgeFilter = "/proc/sys/net/bridge/bridge-nf-call-iptables"

// Real returns the node this process runs on. stateDir is where containers
// will keep their layers: overlayfs must be tried on that very file system.
func Real(stateDir string) System {
	return System{
		Root:       os.DirFS("/"),
		TryCgroup:  tryCgroup,
		TryOverlay: func() error { return tryOverlay(stateDir) },
		TryKmsg:    tryKmsg,
		Kernel:     kernel,
	}
}

func tryCgroup() error {
	dir := fmt.Sprintf("/sys/fs/cgroup/vcluster-try-%d", os.Getpid())
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	return os.Remove(dir)
}

func tryKmsg() error {
	f, err := os.Open("/dev/kmsg")
	if err != nil {
		return err
	}
	return f.Close()
}

func kernel() string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return ""
	}
	return unix.ByteSliceToString(name.Release[:])
}

func tryOverlay(stateDir string) (err error) {
	dir, err := os.MkdirTemp(stateDir, ".overlay-")
	if err != nil {
		return err
	}
	defer func() {
		if rmErr := os.RemoveAll(dir); err == nil {
			err = rmErr
		}
	}()
	for _, sub := range []string{"lower", "upper", "work", "merged"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			return err
		}
	}
	options := fmt.Sprintf("lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work", dir, dir, dir)
	merged := filepath.Join(dir, "merged")
	if err := unix.Mount("overlay", merged, "overlay", 0, options); err != nil {
		return fmt.Errorf("mount overlayfs: %w", err)
	}
	return unix.Unmount(merged, 0)
}

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// buildPackages are the Debian packages that a build needs.
var buildPackages = []string{
	"ca-certificates", "debian-archive-keyring", "gcc", "libc6-dev", "libseccomp-dev", "mmdebstrap", "pkg-config",
}

// setUp installs missing packages where that is possible, and names them where
// it is not.
func setUp(ctx context.Context, run executor, opts options) error {
	missing := missingPackages(ctx, run)
	if len(missing) == 0 {
		return nil
	}
	install := append([]string{"apt-get", "install", "--yes", "--no-install-recommends"}, missing...)
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		return fmt.Errorf("missing Debian packages: %s; as root: %s", strings.Join(missing, " "), strings.Join(install, " "))
	}
	opts.logf("installing %s", strings.Join(missing, " "))
	env := []string{"DEBIAN_FRONTEND=noninteractive"}
	if _, err := run.run(ctx, command{env: env, args: []string{"apt-get", "update"}}); err != nil {
		return err
	}
	_, err := run.run(ctx, command{env: env, args: install})
	return err
}

// missingPackages lists what dpkg does not have. Without dpkg that is all.
func missingPackages(ctx context.Context, run executor) []string {
	var missing []string
	for _, name := range buildPackages {
		status, err := run.run(ctx, command{args: []string{"dpkg-query", "-W", "-f", "${db:Status-Status}", name}})
		if err != nil || status != "installed" {
			missing = append(missing, name)
		}
	}
	return missing
}

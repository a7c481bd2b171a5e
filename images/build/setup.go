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

// machine is what decides whether packages can be installed here.
type machine struct {
	root bool // we run as root
	apt  bool // there is an apt-get
}

func thisMachine() machine {
	_, err := exec.LookPath("apt-get")
	return machine{root: os.Geteuid() == 0, apt: err == nil}
}

// setUp installs missing packages where that is possible, and names them where
// it is not.
func setUp(ctx context.Context, run runner, opts options, here machine) error {
	missing := missingPackages(ctx, run)
	if len(missing) == 0 {
		return nil
	}
	install := append([]string{"apt-get", "install", "--yes", "--no-install-recommends"}, missing...)
	if !here.apt {
		return fmt.Errorf("missing, by Debian's names: %s: install them and try again", strings.Join(missing, " "))
	}
	if !here.root {
		return fmt.Errorf("missing Debian packages: as root, run: %s", strings.Join(install, " "))
	}
	opts.logf("installing %s", strings.Join(missing, " "))
	env := []string{"DEBIAN_FRONTEND=noninteractive"}
	for _, args := range [][]string{{"apt-get", "update"}, install} {
		if _, err := run.run(ctx, command{env: env, args: args}); err != nil {
			return err
		}
	}
	return nil
}

// missingPackages lists what dpkg does not have. Without dpkg that is all.
func missingPackages(ctx context.Context, run runner) []string {
	var missing []string
	for _, name := range buildPackages {
		status, err := run.run(ctx, command{args: []string{"dpkg-query", "-W", "-f", "${db:Status-Status}", name}})
		if err != nil || status != "installed" {
			missing = append(missing, name)
		}
	}
	return missing
}

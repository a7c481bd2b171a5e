// Command guest is the part of vclusterctl that lives inside a node. It is not
// meant to be run by hand: systemd units and containerd call it.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/bootstrap"
	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/network"
	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/ociwrapper"
	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/prepare"
	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/probe"
	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/serve"
)

// commands are what the units of the node image call, in the order of a boot.
var commands = map[string]func(context.Context, *slog.Logger) error{
	"prepare":      prepare.Run,         // before any component: look, then write its configuration
	"serve":        serve.Run,           // from then on: health and report
	"images":       bootstrap.Images,    // once containerd runs: import what ships with the image
	"bootstrap":    bootstrap.Cluster,   // once the API serves: what a cluster needs to be one
	"await-subnet": network.AwaitSubnet, // before flannel and kube-router, which need one
	"cni":          network.WriteConfig, // once flannel has a subnet: the pod network
	"probe":        probe.Run,           // instead of all of this: what could this node do?
}

func main() {
	if runtime, is := ociwrapper.Real(filepath.Base(os.Args[0])); is {
		fail(ociwrapper.Exec(runtime, os.Args[1:]))
	}
	if len(os.Args) != 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: guest prepare|serve|images|bootstrap|await-subnet|cni|probe")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := commands[os.Args[1]](ctx, log); err != nil {
		stop()
		fail(fmt.Errorf("%s: %w", os.Args[1], err))
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "guest:", err)
	os.Exit(1)
}

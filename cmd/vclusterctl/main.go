// Command vclusterctl creates and looks after virtual clusters. It also works
// as the kubectl plug-in "kubectl vclusterctl".
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/verbs"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := verbs.Main(ctx, os.Args)
	stop()
	os.Exit(code)
}

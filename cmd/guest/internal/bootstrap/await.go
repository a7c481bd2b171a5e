package bootstrap

import (
	"context"
	"fmt"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/vclusterctl/vclusterctl/templates/node"
)

// awaitAPI asks until the API serves. There is nothing to watch: a process
// that has not opened its port yet tells nobody.
func awaitAPI(ctx context.Context) error {
	config, err := clientcmd.BuildConfigFromFlags("", node.SuperAdminConfig)
	if err != nil {
		return fmt.Errorf("load the server's credentials: %w", err)
	}
	config.Timeout, config.QPS = 2*time.Second, -1
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		if err := client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error(); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// Package access gives the user the way into a virtual cluster: it reads the
// kubeconfig that the controller wrote, tries whether its address can be
// reached from here, and puts it into the user's own kubeconfig.
package access

import (
	"context"
	"fmt"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
)

// SecretKey is the key of the kubeconfig Secret that is read.
const SecretKey = "config"

// Read gets the kubeconfig that the controller wrote for a cluster.
func Read(ctx context.Context, c client.Reader, vc *v1alpha1.VirtualCluster) ([]byte, error) {
	ref := vc.Status.KubeconfigSecretRef
	if ref == nil {
		return nil, fmt.Errorf("virtual cluster %q has no kubeconfig yet", vc.Name)
	}
	var secret corev1.Secret
	key := client.ObjectKey{Namespace: vc.Namespace, Name: ref.Name}
	if err := c.Get(ctx, key, &secret); err != nil {
		return nil, fmt.Errorf("read the kubeconfig of %q: %w", vc.Name, err)
	}
	data := secret.Data[SecretKey]
	if len(data) == 0 {
		return nil, fmt.Errorf("read the kubeconfig of %q: Secret %s has no key %q", vc.Name, key, SecretKey)
	}
	return data, nil
}

// Rename gives everything inside a kubeconfig one name, and another server
// address where one is given.
func Rename(data []byte, name, server string) ([]byte, error) {
	params, err := kubeconfig.Parse(data)
	if err != nil {
		return nil, err
	}
	params.Name = name
	if server != "" {
		params.Server = server
	}
	return kubeconfig.Build(params)
}

// Server is the address that the current context of a kubeconfig leads to.
func Server(data []byte) (string, error) {
	config, err := clientcmd.RESTConfigFromKubeConfig(data)
	if err != nil {
		return "", fmt.Errorf("read kubeconfig: %w", err)
	}
	return config.Host, nil
}

// Reach tries whether the API server of a kubeconfig answers from here, and is
// the one that the kubeconfig trusts. A connection alone would not tell: some
// networks accept any.
func Reach(ctx context.Context, data []byte, timeout time.Duration) error {
	config, err := clientcmd.RESTConfigFromKubeConfig(data)
	if err != nil {
		return fmt.Errorf("read kubeconfig: %w", err)
	}
	config.Timeout = timeout
	c, err := rest.HTTPClientFor(config)
	if err != nil {
		return fmt.Errorf("read kubeconfig: %w", err)
	}
	defer c.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, config.Host+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("server address %q: %w", config.Host, err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return err //nolint:wrapcheck // it names the address
	}
	return resp.Body.Close() //nolint:wrapcheck // nothing was read
}

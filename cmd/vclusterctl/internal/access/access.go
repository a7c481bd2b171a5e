// Package access gives the user the way into a virtual cluster: it reads the
// kubeconfig that the controller wrote, tries whether its address can be
// reached from here, and puts it into the user's own kubeconfig.
package access

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
)

// SecretKey is the key of the kubeconfig Secret that is read.
const SecretKey = "config"

// dialTimeout is short: an address that does not answer by then is reported,
// not waited for.
const dialTimeout = 3 * time.Second

// Dialer opens a connection, as net.Dialer does.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

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

// Reach tries to open a connection to the server address.
func Reach(ctx context.Context, dial Dialer, server string) error {
	u, err := url.Parse(server)
	if err != nil {
		return fmt.Errorf("server address %q: %w", server, err)
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	port := u.Port()
	if port == "" {
		port = "443"
	}
	conn, err := dial(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return err
	}
	return conn.Close()
}

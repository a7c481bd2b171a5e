package kubeconfig

import (
	"errors"
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// triple is a context with the cluster and the user it names.
type triple struct {
	context *clientcmdapi.Context
	cluster *clientcmdapi.Cluster
	user    *clientcmdapi.AuthInfo
}

// currentEntry reads the current context of a kubeconfig.
func currentEntry(data []byte) (triple, error) {
	cfg, err := clientcmd.Load(data)
	if err != nil {
		return triple{}, fmt.Errorf("not a kubeconfig: %w", err)
	}
	if cfg.CurrentContext == "" {
		return triple{}, errors.New("it has no current-context")
	}
	return entryOf(cfg, cfg.CurrentContext)
}

// entryOf reads one context of a kubeconfig.
func entryOf(cfg *clientcmdapi.Config, name string) (triple, error) {
	context, ok := cfg.Contexts[name]
	if !ok {
		return triple{}, fmt.Errorf("it has no context %q", name)
	}
	cluster, ok := cfg.Clusters[context.Cluster]
	if !ok {
		return triple{}, fmt.Errorf("context %q names cluster %q, which it does not have", name, context.Cluster)
	}
	user, ok := cfg.AuthInfos[context.AuthInfo]
	if !ok {
		return triple{}, fmt.Errorf("context %q names user %q, which it does not have", name, context.AuthInfo)
	}
	return triple{context: context, cluster: cluster, user: user}, nil
}

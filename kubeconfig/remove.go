package kubeconfig

import (
	"context"
	"fmt"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Remove takes a context of ours out of the user's kubeconfig, with its cluster
// and user unless another context uses them. If it was the current one, the
// context that was current before it is so again, provided it is still there.
// A context that is not there is no error; one with another owner is.
func (s *Store) Remove(ctx context.Context, name, owner string) (Result, error) {
	set, err := s.load()
	if err != nil {
		return Result{}, fmt.Errorf("remove context %q: %w", name, err)
	}
	if !set.mentions(name) {
		return Result{CurrentContext: set.current()}, nil
	}
	result, err := s.change(ctx, func(set *fileSet) error { return remove(set, name, owner) })
	if err != nil {
		return result, fmt.Errorf("remove context %q: %w", name, err)
	}
	return result, nil
}

// mentions says whether any part of the kubeconfig has that name.
func (s *fileSet) mentions(name string) bool {
	return s.find(func(c *clientcmdapi.Config) bool {
		return c.CurrentContext == name || c.Contexts[name] != nil || c.Clusters[name] != nil || c.AuthInfos[name] != nil
	}) != nil
}

func remove(set *fileSet, name, owner string) error {
	previous := ""
	if f := set.contextFile(name); f != nil {
		m, marked := readMarker(f.config.Contexts[name].Extensions)
		if !marked || m.Owner != owner {
			return fmt.Errorf("context %q in %q %w: it was not added for %q", name, f.path, ErrForeign, owner)
		}
		previous = m.PreviousContext
		delete(f.config.Contexts, name)
	}
	if err := set.relink(name, previous); err != nil {
		return err
	}
	restoreCurrent(set, name, previous)
	dropParts(set, name, owner)
	return nil
}

// restoreCurrent makes previous current in every file where name was.
func restoreCurrent(set *fileSet, name, previous string) {
	if set.context(previous) == nil {
		previous = ""
	}
	for _, f := range set.files {
		if f.config.CurrentContext == name {
			f.config.CurrentContext = previous
		}
	}
}

// dropParts deletes the cluster and the user called name if they are the
// owner's and no context needs them any more.
func dropParts(set *fileSet, name, owner string) {
	usedBy := func(uses func(*clientcmdapi.Context) bool) bool {
		for _, context := range set.contextNames() {
			if uses(set.context(context)) {
				return true
			}
		}
		return false
	}
	if f := set.clusterFile(name); f != nil && !usedBy(func(c *clientcmdapi.Context) bool { return c.Cluster == name }) {
		if m, _ := readMarker(f.config.Clusters[name].Extensions); m.Owner == owner {
			delete(f.config.Clusters, name)
		}
	}
	if f := set.userFile(name); f != nil && !usedBy(func(c *clientcmdapi.Context) bool { return c.AuthInfo == name }) {
		if m, _ := readMarker(f.config.AuthInfos[name].Extensions); m.Owner == owner {
			delete(f.config.AuthInfos, name)
		}
	}
}

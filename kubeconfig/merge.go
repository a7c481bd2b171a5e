package kubeconfig

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/runtime"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Entry is one context to have in the user's kubeconfig.
type Entry struct {
	// Context is the name of the context, and of its cluster and user.
	Context string
	// Owner says what the context stands for, for example the URL of the host
	// cluster with the namespace and name of the virtual cluster. A context of
	// the same name with another owner is refused, not overwritten.
	Owner string
	// Kubeconfig holds the access: its current context is taken.
	Kubeconfig []byte
	// Use makes the context the current one.
	Use bool
}

// ErrForeign is returned where an entry of the wanted name in the user's
// kubeconfig belongs to somebody else.
var ErrForeign = errors.New("belongs to something else")

// Merge adds an entry to the user's kubeconfig, or brings it up to date. What
// the kubeconfig holds besides is left as it is. The context that was current
// before is remembered for Remove.
func (s *Store) Merge(ctx context.Context, e Entry) (Result, error) {
	wanted, err := e.triple()
	if err != nil {
		return Result{}, fmt.Errorf("merge context %q: %w", e.Context, err)
	}
	result, err := s.change(ctx, func(set *fileSet) error { return merge(set, e, wanted) })
	if err != nil {
		return result, fmt.Errorf("merge context %q: %w", e.Context, err)
	}
	return result, nil
}

// triple reads the wanted content out of the entry's kubeconfig.
func (e Entry) triple() (triple, error) {
	if e.Context == "" || e.Owner == "" {
		return triple{}, errors.New("the context and its owner need a name")
	}
	t, err := currentEntry(e.Kubeconfig)
	if err != nil {
		return triple{}, fmt.Errorf("kubeconfig to merge: %w", err)
	}
	t.context.Cluster, t.context.AuthInfo = e.Context, e.Context
	return t, nil
}

func merge(set *fileSet, e Entry, wanted triple) error {
	if err := refuseForeign(set, e, wanted); err != nil {
		return err
	}
	previous, err := rememberCurrent(set, e)
	if err != nil {
		return err
	}
	if err := put(set, e, wanted, previous); err != nil {
		return err
	}
	if e.Use && set.current() != e.Context {
		set.target.config.CurrentContext = e.Context
	}
	return nil
}

// rememberCurrent returns the context to go back to when the entry goes.
func rememberCurrent(set *fileSet, e Entry) (string, error) {
	known := set.context(e.Context)
	if known == nil {
		return set.target.config.CurrentContext, nil
	}
	old, _ := readMarker(known.Extensions)
	if !e.Use || set.current() == e.Context {
		return old.PreviousContext, nil
	}
	// The entry moves to the end of the chain, so whatever would have given way
	// to it gives way to its predecessor.
	return set.target.config.CurrentContext, set.relink(e.Context, old.PreviousContext)
}

// refuseForeign returns an error if one of the three names is taken.
func refuseForeign(set *fileSet, e Entry, wanted triple) error {
	var errs []error
	if f := set.contextFile(e.Context); f != nil {
		c := f.config.Contexts[e.Context]
		errs = append(errs, foreign(f, "context", e, c.Extensions, sameContext(c, wanted.context)))
	}
	if f := set.clusterFile(e.Context); f != nil {
		c := f.config.Clusters[e.Context]
		if !set.abandoned(e.Context, c.Extensions) {
			errs = append(errs, foreign(f, "cluster", e, c.Extensions, sameCluster(c, wanted.cluster)))
		}
	}
	if f := set.userFile(e.Context); f != nil {
		u := f.config.AuthInfos[e.Context]
		if !set.abandoned(e.Context, u.Extensions) {
			errs = append(errs, foreign(f, "user", e, u.Extensions, sameUser(u, wanted.user)))
		}
	}
	return errors.Join(errs...)
}

// abandoned says whether a cluster or user is ours and no context uses it any
// more: what "kubectl config delete-context" leaves of an entry.
func (s *fileSet) abandoned(name string, extensions map[string]runtime.Object) bool {
	_, ours := readMarker(extensions)
	return ours && s.find(func(c *clientcmdapi.Config) bool {
		for _, used := range c.Contexts {
			if used.Cluster == name || used.AuthInfo == name {
				return true
			}
		}
		return false
	}) == nil
}

// foreign returns an error unless an existing part of the entry is ours or
// would not change.
func foreign(f *file, part string, e Entry, extensions map[string]runtime.Object, same bool) error {
	m, marked := readMarker(extensions)
	switch {
	case marked && m.Owner == e.Owner, !marked && same:
		return nil
	case marked:
		return fmt.Errorf("%s %q in %q %w (%s): remove it first, or use another name", part, e.Context, f.path, ErrForeign, m.Owner)
	default:
		return fmt.Errorf("%s %q in %q %w: rename or delete it first, or use another name", part, e.Context, f.path, ErrForeign)
	}
}

func sameContext(a, b *clientcmdapi.Context) bool {
	return a.Cluster == b.Cluster && a.AuthInfo == b.AuthInfo
}

func sameCluster(a, b *clientcmdapi.Cluster) bool {
	x, y := *a, *b
	x.LocationOfOrigin, y.LocationOfOrigin = "", ""
	x.Extensions, y.Extensions = nil, nil
	return reflect.DeepEqual(x, y)
}

func sameUser(a, b *clientcmdapi.AuthInfo) bool {
	x, y := *a, *b
	x.LocationOfOrigin, y.LocationOfOrigin = "", ""
	x.Extensions, y.Extensions = nil, nil
	return reflect.DeepEqual(x, y)
}

// put writes the three parts, each into the file that has it already.
func put(set *fileSet, e Entry, wanted triple, previous string) error {
	var errs [3]error
	cluster, user, kube := *wanted.cluster, *wanted.user, *wanted.context
	if old := set.context(e.Context); old != nil {
		// The user's choice of namespace and the extensions of others stay.
		kube = *old
		kube.Cluster, kube.AuthInfo = e.Context, e.Context
	}
	cluster.Extensions, errs[0] = withMarker(cluster.Extensions, marker{Owner: e.Owner})
	user.Extensions, errs[1] = withMarker(user.Extensions, marker{Owner: e.Owner})
	kube.Extensions, errs[2] = withMarker(kube.Extensions, marker{Owner: e.Owner, PreviousContext: previous})
	home := orTarget(set.contextFile(e.Context), set.target)
	orTarget(set.clusterFile(e.Context), home).config.Clusters[e.Context] = &cluster
	orTarget(set.userFile(e.Context), home).config.AuthInfos[e.Context] = &user
	home.config.Contexts[e.Context] = &kube
	return errors.Join(errs[:]...)
}

func orTarget(f, target *file) *file {
	if f != nil {
		return f
	}
	return target
}

package controller

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/controller/probe"
	"github.com/vclusterctl/vclusterctl/controller/report"
	"github.com/vclusterctl/vclusterctl/controller/virtualcluster"
	"github.com/vclusterctl/vclusterctl/runtime/catalog"
)

// newsBuffer is how many clusters can have news before a guest's news wait:
// one reconciliation takes all of a cluster's in.
const newsBuffer = 1024

// New returns a manager that runs everything once it is started.
func New(cfg *rest.Config, opts Options) (manager.Manager, error) {
	opts = opts.withDefaults()
	if err := opts.validate(); err != nil {
		return nil, fmt.Errorf("controller: %w", err)
	}
	mgr, err := newManager(cfg, opts)
	if err != nil {
		return nil, fmt.Errorf("controller: %w", err)
	}
	if err := addProbes(mgr); err != nil {
		return nil, fmt.Errorf("controller: %w", err)
	}
	if err := addReconciler(mgr, opts); err != nil {
		return nil, fmt.Errorf("controller: %w", err)
	}
	publishBuild(opts.Version, opts.Commit)
	return mgr, nil
}

func newManager(cfg *rest.Config, opts Options) (manager.Manager, error) {
	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}
	return manager.New(cfg, manager.Options{
		Scheme:         scheme,
		MapperProvider: newMapper(scheme),
		Cache:          cacheOptions(opts),
		Client: client.Options{
			FieldOwner: v1alpha1.FieldOwner,
			Cache: &client.CacheOptions{
				// A reconciliation sees what the one before it wrote, so
				// that nothing is written twice.
				EnableReadYourWritesConsistency: ptr.To(true),
				DisableFor:                      []client.Object{&corev1.Secret{}},
			},
		},
		Metrics:                       metricsserver.Options{BindAddress: opts.MetricsAddress},
		HealthProbeBindAddress:        opts.ProbeAddress,
		LeaderElection:                opts.LeaderElection,
		LeaderElectionID:              LeaseName,
		LeaderElectionNamespace:       opts.Namespace,
		LeaderElectionReleaseOnCancel: true,
		// Its own connection: losing the Lease because reconciliations use
		// up the rate limit would be a pity.
		LeaderElectionConfig: rest.CopyConfig(cfg),
	})
}

func addProbes(mgr manager.Manager) error {
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return err //nolint:wrapcheck // the caller says what this is about
	}
	return mgr.AddReadyzCheck("cache", synced(mgr)) //nolint:wrapcheck // as above
}

// synced is true once the cache holds what there is.
func synced(mgr manager.Manager) healthz.Checker {
	return func(req *http.Request) error {
		ctx, cancel := context.WithTimeout(req.Context(), time.Second)
		defer cancel()
		if !mgr.GetCache().WaitForCacheSync(ctx) {
			return errors.New("the cache is not filled yet")
		}
		return nil
	}
}

func addReconciler(mgr manager.Manager, opts Options) error {
	news := make(chan event.TypedGenericEvent[*v1alpha1.VirtualCluster], newsBuffer)
	reports := report.New(report.Options{Notify: func(key types.NamespacedName) {
		news <- event.TypedGenericEvent[*v1alpha1.VirtualCluster]{Object: &v1alpha1.VirtualCluster{
			ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name},
		}}
	}})
	if err := mgr.Add(reports); err != nil {
		return err //nolint:wrapcheck // the caller says what this is about
	}
	catalogues, err := newCatalogueCache(mgr, opts)
	if err != nil {
		return err
	}
	r := virtualcluster.New(virtualcluster.Options{
		Client:       mgr.GetClient(),
		Live:         mgr.GetAPIReader(),
		Recorder:     mgr.GetEventRecorder("vclusterctl"),
		Reports:      reports,
		Catalogue:    readCatalogue(catalogues, opts),
		Profiles:     catalog.Profiles(),
		Clock:        clock.RealClock{},
		Rand:         rand.Reader,
		Namespace:    opts.Namespace,
		Policy:       opts.Policy,
		HostPodCIDRs: opts.HostPodCIDRs,
		Probed:       opts.ProbeNamespace != "",
		OneNamespace: opts.WatchNamespace != "",
	})
	if err := r.Setup(mgr, news, catalogues, opts.Workers); err != nil {
		return err //nolint:wrapcheck // the caller says what this is about
	}
	return addProbing(mgr, opts, catalogues)
}

// addProbing has runtimes proven on the nodes, if that is wanted.
func addProbing(mgr manager.Manager, opts Options, catalogues cache.Cache) error {
	if opts.ProbeNamespace == "" {
		return nil
	}
	pods, err := probe.NewPodCache(mgr, opts.ProbeNamespace)
	if err != nil {
		return err //nolint:wrapcheck // the caller says what this is about
	}
	writer, err := client.New(mgr.GetConfig(), client.Options{
		HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper(), FieldOwner: v1alpha1.FieldOwner,
	})
	if err != nil {
		return fmt.Errorf("make a client for probe pods: %w", err)
	}
	known := readCatalogue(catalogues, opts)
	r := probe.New(probe.Options{
		Client: mgr.GetClient(),
		Pods:   pods,
		Writer: writer,
		Live:   mgr.GetAPIReader(),
		Image: func(ctx context.Context) (string, error) {
			c, err := known(ctx)
			if err != nil {
				return "", err
			}
			entry, _ := c.Lookup(c.Default) // a catalogue without it does not validate
			return entry.Image, nil
		},
		Profiles:  catalog.Profiles(),
		Clock:     clock.RealClock{},
		Namespace: opts.ProbeNamespace,
		Most:      opts.MostProbes,
	})
	return r.Setup(mgr, pods, catalogues) //nolint:wrapcheck // the caller says what this is about
}

// newCatalogueCache holds the administrator's catalogue and nothing else, so
// that a cluster is told to be outdated when the catalogue changes, and looking
// it up costs nothing.
func newCatalogueCache(mgr manager.Manager, opts Options) (cache.Cache, error) {
	c, err := cache.New(mgr.GetConfig(), cache.Options{
		Scheme: mgr.GetScheme(),
		Mapper: mgr.GetRESTMapper(),
		ByObject: map[client.Object]cache.ByObject{&corev1.ConfigMap{}: {
			Namespaces: map[string]cache.Config{opts.Namespace: {
				FieldSelector: fields.OneTermEqualSelector("metadata.name", catalogue.ConfigMapName),
			}},
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("make a cache of the catalogue: %w", err)
	}
	return c, mgr.Add(c) //nolint:wrapcheck // the caller says what this is about
}

// readCatalogue reads the administrator's catalogue, or falls back to the
// built-in one where there is none.
func readCatalogue(catalogues client.Reader, opts Options) func(context.Context) (catalogue.Catalogue, error) {
	key := types.NamespacedName{Namespace: opts.Namespace, Name: catalogue.ConfigMapName}
	return func(ctx context.Context) (catalogue.Catalogue, error) {
		var cm corev1.ConfigMap
		if err := catalogues.Get(ctx, key, &cm); apierrors.IsNotFound(err) {
			return opts.Catalogue, nil
		} else if err != nil {
			return catalogue.Catalogue{}, fmt.Errorf("get ConfigMap %s: %w", key, err)
		}
		c, err := catalogue.Parse([]byte(cm.Data[catalogue.Key]))
		if err != nil {
			return catalogue.Catalogue{}, fmt.Errorf("ConfigMap %s, key %q: %w", key, catalogue.Key, err)
		}
		return c, nil
	}
}

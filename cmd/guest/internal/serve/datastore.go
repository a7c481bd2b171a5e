package serve

import (
	"context"
	"log/slog"

	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/datastore"
	"github.com/vclusterctl/vclusterctl/cmd/guest/internal/report"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// ownDatastore says whether this node runs the etcd of the node image.
func ownDatastore(config guestapi.NodeConfig) bool {
	return config.Role == guestapi.RoleServer && config.Datastore != guestapi.DatastoreSQLite
}

// watchDatastore keeps the datastore writable and reports where it can't.
func watchDatastore(ctx context.Context, store *report.Store, log *slog.Logger) error {
	etcd, err := datastore.Local()
	if err != nil {
		return err
	}
	datastore.Watch(ctx, etcd, func(p *guestapi.Problem) { store.SetProblem("datastore", p) }, log)
	return nil
}

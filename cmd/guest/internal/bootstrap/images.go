package bootstrap

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// Images imports every bundled image into the kubelet's containerd namespace.
// An image that is there already costs next to nothing.
func Images(ctx context.Context, log *slog.Logger) error {
	archives, err := filepath.Glob(filepath.Join(guestapi.BundledImageDir, "*.tar"))
	if err != nil {
		return err
	}
	for _, archive := range archives {
		if err := run(ctx, nil, "ctr", "--namespace", "k8s.io", "images", "import", "--local", archive); err != nil {
			return fmt.Errorf("import %s: %w", filepath.Base(archive), err)
		}
		log.Info("image imported", "archive", filepath.Base(archive))
	}
	return nil
}

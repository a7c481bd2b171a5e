package evidence

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/describe"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodeexec"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodelog"
)

// Logs reads the logs of the nodes of a cluster. A *nodelog.Source does.
type Logs interface {
	Read(ctx context.Context, node string, q nodelog.Query, emit func(nodelog.Entry) error) error
}

// Save writes what is known of a cluster into a directory: cluster.yaml,
// describe.txt, events.yaml and nodes/NODE.log. It saves as much as it can.
func Save(ctx context.Context, dir string, in describe.Input, nodes []nodeexec.Node, logs Logs) error {
	if err := os.MkdirAll(filepath.Join(dir, nodesDir), 0o755); err != nil {
		return fmt.Errorf("save what there is to see: %w", err)
	}
	vc := in.Cluster.DeepCopy()
	vc.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.VirtualClusterKind)) // typed reads leave it out
	vc.ManagedFields = nil
	events := &corev1.EventList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "EventList"}, Items: in.Events}
	errs := []error{
		save(filepath.Join(dir, describeFile), func(w io.Writer) error { return describe.Write(w, in) }),
		save(filepath.Join(dir, clusterFile), func(w io.Writer) error { return writeYAML(w, vc) }),
		save(filepath.Join(dir, eventsFile), func(w io.Writer) error { return writeYAML(w, events) }),
	}
	for _, n := range nodes {
		errs = append(errs, save(filepath.Join(dir, nodesDir, n.Name+logSuffix), func(w io.Writer) error {
			return logs.Read(ctx, n.Name, nodelog.Query{Tail: nodelog.All}, func(e nodelog.Entry) error {
				_, err := fmt.Fprintln(w, e)
				return err
			})
		}))
	}
	return errors.Join(errs...)
}

// save writes a file; what was written before a failure stays.
func save(path string, write func(io.Writer) error) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("save what there is to see: %w", err)
	}
	w := bufio.NewWriter(file)
	if err := errors.Join(write(w), w.Flush(), file.Close()); err != nil {
		return fmt.Errorf("save %s: %w", path, err)
	}
	return nil
}

func writeYAML(w io.Writer, o any) error {
	data, err := yaml.Marshal(o)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

package nodeexec

import (
	"context"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
)

// LogOptions say what of a container's log to read.
type LogOptions struct {
	Follow     bool
	Timestamps bool
	// Since is how far back to go; 0 means to the beginning.
	Since time.Duration
	// Tail is the number of the last lines to begin with; below 0 means all.
	Tail int64
}

// Log writes what the container of a node has printed. It needs no program in
// it, and no container that runs.
func Log(ctx context.Context, host *rest.Config, node Node, options LogOptions, out io.Writer) error {
	c, err := coreClient(host)
	if err != nil {
		return fmt.Errorf("read the log of pod %q: %w", node.Pod, err)
	}
	from := &corev1.PodLogOptions{Container: node.Container, Follow: options.Follow, Timestamps: options.Timestamps}
	if options.Since > 0 {
		from.SinceSeconds = ptr.To(max(1, int64(options.Since.Seconds())))
	}
	if options.Tail >= 0 {
		from.TailLines = ptr.To(options.Tail)
	}
	stream, err := c.Get().Resource("pods").Namespace(node.Namespace).Name(node.Pod).SubResource("log").
		VersionedParams(from, clientgoscheme.ParameterCodec).Stream(ctx)
	if err != nil {
		return fmt.Errorf("read the log of pod %q: %w", node.Pod, err)
	}
	defer stream.Close()
	if _, err := io.Copy(out, stream); err != nil {
		return fmt.Errorf("read the log of pod %q: %w", node.Pod, err)
	}
	return nil
}

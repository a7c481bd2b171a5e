package harness

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Cluster is any cluster, host or virtual, and the means to work with it.
type Cluster struct {
	client.WithWatch

	Config    *rest.Config
	Clientset kubernetes.Interface
}

// NewCluster makes the clients of a cluster.
func NewCluster(config *rest.Config) (*Cluster, error) {
	config = rest.CopyConfig(config)
	config.QPS, config.Burst = 100, 200
	s, err := scheme()
	if err != nil {
		return nil, err
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: s})
	if err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	set, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	return &Cluster{WithWatch: c, Config: config, Clientset: set}, nil
}

// Exec runs a command in the first container of a pod and returns what it
// writes to its standard output. Its standard error becomes part of the error.
func (c *Cluster) Exec(ctx context.Context, namespace, pod string, command ...string) (string, error) {
	req := c.Clientset.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Command: command, Stdout: true, Stderr: true}, clientgoscheme.ParameterCodec)
	executor, err := remotecommand.NewWebSocketExecutor(c.Config, "GET", req.URL().String())
	if err != nil {
		return "", fmt.Errorf("exec in pod %q: %w", pod, err)
	}
	var stdout, stderr bytes.Buffer
	err = executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: &stdout, Stderr: &stderr})
	if err != nil {
		return stdout.String(), fmt.Errorf("exec %q in pod %q: %w: %s%s", strings.Join(command, " "), pod, err, stdout.String(), stderr.String())
	}
	return stdout.String(), nil
}

// Logs returns the end of a pod's log.
func (c *Cluster) Logs(ctx context.Context, namespace, pod string, lines int64) (string, error) {
	stream, err := c.Clientset.CoreV1().Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{TailLines: &lines}).Stream(ctx)
	if err != nil {
		return "", fmt.Errorf("read the log of pod %q: %w", pod, err)
	}
	defer stream.Close()
	data, err := io.ReadAll(stream)
	return string(data), err
}

package nodeinstall

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"text/template"
	"time"

	"github.com/vclusterctl/vclusterctl/runtime/nodesetup"
	"github.com/vclusterctl/vclusterctl/runtime/sysbox"
	"github.com/vclusterctl/vclusterctl/test/testbin"
)

// machine is a node whose container runtime is the real containerd. As with a
// service of systemd of type notify, a restart fails where the program ends, and
// comes back when it serves.
type machine struct {
	*testing.T

	root    string
	program string
	layout  nodesetup.Layout
	process *exec.Cmd
	ended   chan struct{}
	output  *bytes.Buffer
	starts  int
}

// base is containerd's configuration, in a place of its own.
const base = `version = 3
root = %[1]q
state = %[2]q
disabled_plugins = ["io.containerd.nri.v1.nri"]

[grpc]
  address = %[3]q

[ttrpc]
  address = %[4]q

[plugins.'io.containerd.cri.v1.images']
  snapshotter = "native"

[plugins.'io.containerd.cri.v1.runtime'.cni]
  conf_dir = %[5]q

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  SystemdCgroup = true
`

func newMachine(t *testing.T, kind nodesetup.Kind) *machine {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("containerd needs root")
	}
	program := testbin.Path(t, "containerd")
	root, err := os.MkdirTemp("", "n") //nolint:usetesting // a socket's path must not be long
	if err != nil {
		t.Fatal(err)
	}
	layout, err := nodesetup.LayoutOf(kind)
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{T: t, root: root, program: program, layout: layout}
	t.Cleanup(func() {
		m.stop()
		if err := os.RemoveAll(root); err != nil {
			t.Errorf("clean up: %v", err)
		}
	})
	m.put(layout.Config, m.base())
	if err := m.Restart(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *machine) base() string {
	in := func(name string) string { return filepath.Join(m.root, name) }
	return fmt.Sprintf(base, in("root"), in("state"), in(m.layout.Socket), in("ttrpc.sock"), in("cni"))
}

func (m *machine) put(path, content string) {
	m.Helper()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(m.root, path)), 0o755); err != nil {
		m.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(m.root, path), []byte(content), 0o640); err != nil {
		m.Fatal(err)
	}
}

func (m *machine) get(path string) string {
	m.Helper()
	data, err := os.ReadFile(filepath.Join(m.root, path))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		m.Fatal(err)
	}
	return string(data)
}

func (m *machine) Active(_ context.Context, units []string) (string, error) { return units[0], nil }

func (m *machine) Restart(ctx context.Context, _ string) error {
	m.stop()
	m.starts++
	if err := m.render(); err != nil {
		return err
	}
	m.output = &bytes.Buffer{}
	m.process = exec.Command(m.program, "--config", filepath.Join(m.root, m.layout.Config))
	m.process.Stdout, m.process.Stderr = m.output, m.output
	if err := m.process.Start(); err != nil {
		return err
	}
	m.ended = make(chan struct{})
	go func(process *exec.Cmd, ended chan struct{}) {
		_ = process.Wait() // how it ended does not matter
		close(ended)
	}(m.process, m.ended)
	for {
		if _, err := m.cri().Status(ctx); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-m.ended:
			return fmt.Errorf("containerd ended: %s", lastLine(m.output.String()))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// render makes the configuration of the template, as K3s does at every start.
func (m *machine) render() error {
	if m.layout.Templates == "" {
		return nil
	}
	text := m.get(m.layout.TemplatePaths()[0])
	if text == "" {
		text = `{{ template "base" . }}`
	}
	all, err := template.New("user").Parse(text)
	if err != nil {
		return fmt.Errorf("k3s ended: %w", err)
	}
	template.Must(all.New("base").Parse(m.base()))
	var out bytes.Buffer
	if err := all.Execute(&out, nil); err != nil {
		return fmt.Errorf("k3s ended: %w", err)
	}
	m.put(m.layout.Config, out.String())
	return nil
}

func (m *machine) stop() {
	if m.process == nil {
		return
	}
	_ = m.process.Process.Signal(syscall.SIGTERM) // it may have ended
	<-m.ended
	m.process = nil
}

func (m *machine) cri() *Client { return NewClient(filepath.Join(m.root, m.layout.Socket)) }

// alive fails the test unless containerd runs and can run containers.
func (m *machine) alive(handlers ...string) {
	m.Helper()
	status, err := m.cri().Status(m.Context())
	if err != nil || !status.Ready {
		m.Fatalf("the node is left without a container runtime: %+v, %v", status, err)
	}
	for _, h := range append(handlers, "runc") {
		if !slices.Contains(status.Handlers, h) {
			m.Errorf("handler %q is missing: %q", h, status.Handlers)
		}
	}
	if len(handlers) == 0 && slices.Contains(status.Handlers, sysbox.Handler) {
		m.Errorf("the handler is there: %q", status.Handlers)
	}
}

func (m *machine) installer() *Installer {
	return &Installer{
		Files: Files{Root: m.root}, Services: m, CRI: m.cri(), After: time.After, Timeout: 20 * time.Second, Say: m.Logf,
	}
}

package profiletest

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Golden compares got to a file of testdata.
func Golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		write(t, path, got)
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: -want, +got (run with -update if that is meant):\n%s", path, diff)
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// YAML is an object in the form of golden files.
func YAML(t *testing.T, object any) []byte {
	t.Helper()
	data, err := yaml.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Node returns a node that has everything a profile can ask for, with changes.
func Node(name, handler string, changes ...func(*corev1.Node)) corev1.Node {
	n := corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Status: corev1.NodeStatus{
			NodeInfo: corev1.NodeSystemInfo{
				OperatingSystem:         "linux",
				KernelVersion:           "6.18.44",
				KubeletVersion:          "v1.36.3",
				ContainerRuntimeVersion: "containerd://2.4.2",
			},
			RuntimeHandlers: []corev1.NodeRuntimeHandler{
				{Name: "", Features: Features(true)},
				{Name: handler, Features: Features(true)},
			},
		},
	}
	for _, change := range changes {
		change(&n)
	}
	return n
}

// Features are those of a handler with or without user namespaces.
func Features(userns bool) *corev1.NodeRuntimeHandlerFeatures {
	return &corev1.NodeRuntimeHandlerFeatures{UserNamespaces: ptr.To(userns)}
}

// Info changes what a node says of its software.
func Info(change func(*corev1.NodeSystemInfo)) func(*corev1.Node) {
	return func(n *corev1.Node) { change(&n.Status.NodeInfo) }
}

// Handlers replaces the handlers of a node.
func Handlers(h ...corev1.NodeRuntimeHandler) func(*corev1.Node) {
	return func(n *corev1.Node) { n.Status.RuntimeHandlers = h }
}

package evidence

import (
	"context"
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/describe"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodeexec"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodelog"
)

var begun = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

func TestWriteJUnit(t *testing.T) {
	dir := t.TempDir()
	err := WriteJUnit(dir, "vclusterctl run", begun, []Case{
		{Name: "create", Took: 12345 * time.Millisecond},
		{Name: `go test -run "A&B"`, Took: time.Second, Failure: "exit code 1"},
		{Name: "third", Error: "it is <not> there"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "junit.xml"))
	if err != nil {
		t.Fatal(err)
	}
	want := xml.Header + `<testsuite name="vclusterctl run" tests="3" failures="1" errors="1" time="13.345" timestamp="2026-11-21T08:00:00">
  <testcase classname="vclusterctl.run" name="create" time="12.345"></testcase>
  <testcase classname="vclusterctl.run" name="go test -run &#34;A&amp;B&#34;" time="1.000">
    <failure message="exit code 1"></failure>
  </testcase>
  <testcase classname="vclusterctl.run" name="third" time="0.000">
    <error message="it is &lt;not&gt; there"></error>
  </testcase>
</testsuite>
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	if err := WriteJUnit(filepath.Join(dir, "missing"), "x", begun, nil); err == nil {
		t.Error("a report that could not be written is no error")
	}
}

var errBoom = errors.New("boom")

// logs are those of nodes by name; others fail in the middle.
type logs map[string][]nodelog.Entry

func (l logs) Read(_ context.Context, node string, q nodelog.Query, emit func(nodelog.Entry) error) error {
	entries, ok := l[node]
	for _, e := range entries {
		if err := emit(e); err != nil {
			return err
		}
	}
	if !ok || q.Tail != nodelog.All || q.Follow {
		return errBoom
	}
	return nil
}

func TestSave(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	in := describe.Input{
		Now:     begun,
		Cluster: &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Name: "dev", Namespace: "team", ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "noise"}}}},
		Events:  []corev1.Event{{ObjectMeta: metav1.ObjectMeta{Name: "e"}, Reason: "Pulled", Message: "took long"}},
	}
	read := logs{"server-0": {{Node: "server-0", Time: begun, Name: "kubelet", PID: "7", Message: "hello"}, {Node: "server-0", Time: begun, Name: "etcd", Message: "bye"}}}
	err := Save(t.Context(), dir, in, []nodeexec.Node{{Name: "server-0"}, {Name: "work-0"}}, read)
	if !errors.Is(err, errBoom) || !strings.Contains(err.Error(), "work-0.log") {
		t.Errorf("what could not be saved is told: got %v", err)
	}
	for name, want := range map[string][]string{
		"cluster.yaml":       {"apiVersion: vclusterctl.dev/v1alpha1\n", "kind: VirtualCluster\n", "  name: dev\n"},
		"describe.txt":       {"dev", "Pulled", "took long"},
		"events.yaml":        {"kind: EventList\n", "took long"},
		"nodes/server-0.log": {"2026-11-21T08:00:00.000Z kubelet[7]: hello\n2026-11-21T08:00:00.000Z etcd: bye\n"},
		"nodes/work-0.log":   {""},
	} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		for _, part := range want {
			if err != nil || !strings.Contains(string(got), part) {
				t.Errorf("%s: %v, %q is missing from:\n%s", name, err, part, got)
			}
		}
		if strings.Contains(string(got), "noise") {
			t.Errorf("%s tells who set which field", name)
		}
	}
}

package verbs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// TestRunOutputDir: whether there is room for the report is known before there
// is a cluster, and what an earlier run left is not taken for its own.
func TestRunOutputDir(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "describe.txt")
	if err := os.WriteFile(file, []byte("of yesterday"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := newLab(t)
	code, _, errOut := l.call(t.Context(), NewCmdRun(l.Factory, nil), "--name=dev", "--output-dir="+filepath.Join(file, "out"), "--", "true")
	if code != cli.ExitOwn || l.made != nil || !strings.Contains(errOut, "Name a directory that can be written to") {
		t.Errorf("code %d, made: %v\n%s", code, l.made != nil, errOut)
	}
	code, _, errOut = l.call(t.Context(), NewCmdRun(l.Factory, nil), "--name=dev", "--output-dir="+dir, "--", "true")
	if diff := cmp.Diff([]string{"junit.xml"}, filesIn(t, dir)); code != 0 || diff != "" {
		t.Errorf("code %d; files: -want, +got:\n%s\n%s", code, diff, errOut)
	}
}

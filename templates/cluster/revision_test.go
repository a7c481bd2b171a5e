package cluster

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vclusterctl/vclusterctl/test/golden"
)

var updateRevision = flag.Bool("update-revision", false, "record anew what node pods look like under the present template revision")

// TestRevision: what node pods are made of does not change without a new
// TemplateRevision. Clusters of another revision keep what they have; those of
// the same one get every change with their next pod. What they looked like under
// a revision is recorded once, as sha256sum writes it: -update adds what is new,
// and touches nothing that is there.
func TestRevision(t *testing.T) {
	record := filepath.Join("testdata", "revision-"+TemplateRevision+".sha256")
	recorded, have := readSums(t, record), goldenSums(t)
	if *updateRevision {
		recorded = map[string]string{}
	}
	if golden.Updating() || *updateRevision {
		for file, sum := range have {
			if recorded[file] == "" {
				recorded[file] = sum
			}
		}
		writeSums(t, record, recorded)
	}
	for _, problem := range compareSums(recorded, have) {
		t.Error(problem)
	}
}

// compareSums says what is not as it was recorded.
func compareSums(recorded, have map[string]string) []string {
	all := maps.Clone(recorded)
	maps.Copy(all, have)
	var out []string
	for _, file := range slices.Sorted(maps.Keys(all)) {
		switch {
		case recorded[file] == have[file]:
		case recorded[file] == "":
			out = append(out, fmt.Sprintf("%s is not recorded under template revision %s: go test ./templates/cluster -update adds it", file, TemplateRevision))
		default:
			out = append(out, fmt.Sprintf("%s: what running clusters would be changed to has changed: raise TemplateRevision, "+
				"or, if nothing was released with revision %s yet, record it anew with go test ./templates/cluster -update-revision", file, TemplateRevision))
		}
	}
	return out
}

// shapes are the golden files of node pods, in some shape here and in that of each
// runtime there, and of what they are told.
var shapes = []string{
	"testdata/*/statefulset-*.yaml",
	"testdata/*/configmap-*.yaml",
	"../../runtime/catalog/testdata/pods/*/*.yaml",
}

// goldenSums are the hashes of those files.
func goldenSums(t *testing.T) map[string]string {
	t.Helper()
	sums := map[string]string{}
	for _, pattern := range shapes {
		found, err := filepath.Glob(filepath.FromSlash(pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("no golden files %s: %v", pattern, err)
		}
		for _, file := range found {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sums[filepath.ToSlash(file)] = fmt.Sprintf("%x", sha256.Sum256(content))
		}
	}
	return sums
}

// readSums reads what was recorded: nothing yet, under a new revision.
func readSums(t *testing.T, file string) map[string]string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for line := range strings.Lines(string(content)) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok {
			t.Fatalf("%s: %q is no hash and a name", file, line)
		}
		sums[name] = sum
	}
	return sums
}

func writeSums(t *testing.T, file string, sums map[string]string) {
	t.Helper()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		fmt.Fprintf(&b, "%s  %s\n", sums[name], name)
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestCompareSums(t *testing.T) {
	held := map[string]string{"a": "1", "b": "2"}
	cases := map[string]struct {
		reason string
		have   map[string]string
		want   string
	}{
		"Same":    {reason: "Nothing changed.", have: map[string]string{"a": "1", "b": "2"}},
		"Changed": {reason: "Running clusters would follow a change.", have: map[string]string{"a": "1", "b": "3"}, want: "b: what running clusters would be changed to has changed: raise TemplateRevision, or"},
		"Gone":    {reason: "What is gone can no longer be compared.", have: map[string]string{"b": "2"}, want: "a: what running clusters would be changed to has changed"},
		"New":     {reason: "A new case changes no cluster, and is to be held from then on.", have: map[string]string{"a": "1", "b": "2", "c": "3"}, want: "c is not recorded"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := compareSums(held, tc.have)
			if tc.want == "" && len(got) > 0 || tc.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], tc.want)) {
				t.Errorf("%s got %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}

func TestIsKept(t *testing.T) {
	cases := map[string]struct {
		revision, reason string
		want             bool
	}{
		"Same":  {revision: TemplateRevision, reason: "A cluster of this revision follows."},
		"Older": {revision: "0", reason: "A raise leaves clusters as they are.", want: true},
		"Newer": {revision: TemplateRevision + "0", reason: "So does going back to an older controller.", want: true},
		"None":  {reason: "Of a cluster that does not say, nothing is known.", want: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := IsKept(tc.revision); got != tc.want {
				t.Errorf("%s got %t", tc.reason, got)
			}
		})
	}
}

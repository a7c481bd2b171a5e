package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// shapes are what node pods and their configuration looked like under each
// template revision, as a hash of the golden files.
var shapes = map[string]string{
	"1": "513d737281054d5f11200081056d8fd32445aa7d8cc37bda11c55d271d740a67",
}

// TestRevision: what node pods are made of does not change without a new
// TemplateRevision. Clusters of another revision keep what they have; those of
// the same one get every change with their next pod.
func TestRevision(t *testing.T) {
	var files []string
	for _, pattern := range []string{"statefulset-*.yaml", "configmap-*.yaml"} {
		found, err := filepath.Glob(filepath.Join("testdata", "*", pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	slices.Sort(files)
	sum := sha256.New()
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sum.Write([]byte(file))
		sum.Write(content)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != shapes[TemplateRevision] {
		t.Errorf("node pods, or what they are told, changed: raise TemplateRevision and add its shape %q; the one of revision %s is %q",
			got, TemplateRevision, shapes[TemplateRevision])
	}
}

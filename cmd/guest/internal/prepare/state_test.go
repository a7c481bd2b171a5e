package prepare

import (
	"os"
	"path/filepath"
	"testing"
)

func TestStateID(t *testing.T) {
	name := func(dir string) string {
		t.Helper()
		id, err := stateID(dir)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	dir := filepath.Join(t.TempDir(), "vcluster")
	first := name(dir)
	if again := name(dir); again != first {
		t.Errorf("the name of a state changed from %q to %q", first, again)
	}
	if other := name(t.TempDir()); other == first {
		t.Error("two states have the same name")
	}
	if err := os.WriteFile(filepath.Join(dir, stateFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := name(dir); !stateForm.MatchString(got) {
		t.Errorf("an empty name was kept: %q", got)
	}
}

func TestStateIDCannotBeKept(t *testing.T) {
	file := write1(t, t.TempDir(), "file", "")
	if id, err := stateID(filepath.Join(file, "below")); err == nil {
		t.Errorf("stateID() = %q where no file can be, want an error", id)
	}
}

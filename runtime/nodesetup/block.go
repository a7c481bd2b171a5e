package nodesetup

import (
	"bytes"
	"fmt"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// made is the first line of a file that was made for a block alone.
const made = "# Made by vclusterctl for its runtime handlers.\n"

// begin and end are the lines around what was added to somebody else's file.
func begin(name v1alpha1.RuntimeProfile) string {
	return fmt.Sprintf("\n# BEGIN vclusterctl runtime %s: \"vclusterctl runtime uninstall %[1]s\" takes this out.\n", name)
}

func end(name v1alpha1.RuntimeProfile) string {
	return fmt.Sprintf("# END vclusterctl runtime %s\n", name)
}

// withBlock adds a block to the end of a file, or puts it in the place of the one
// that is there.
func withBlock(data []byte, name v1alpha1.RuntimeProfile, tables []byte) []byte {
	block := []byte(begin(name) + string(bytes.TrimSpace(tables)) + "\n" + end(name))
	before, after, found := cut(data, name)
	if !found {
		return append(bytes.Clone(data), block...)
	}
	return bytes.Join([][]byte{before, block, after}, nil)
}

// withoutBlock is exactly the file as it was before the block was added.
func withoutBlock(data []byte, name v1alpha1.RuntimeProfile) ([]byte, bool) {
	before, after, found := cut(data, name)
	if !found {
		return data, false
	}
	return append(bytes.Clone(before), after...), true
}

func cut(data []byte, name v1alpha1.RuntimeProfile) (before, after []byte, found bool) {
	before, rest, found := bytes.Cut(data, []byte(begin(name)))
	if !found {
		return data, nil, false
	}
	_, after, found = bytes.Cut(rest, []byte(end(name)))
	return before, after, found
}

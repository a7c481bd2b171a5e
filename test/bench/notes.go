package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// note is what a reader of the table must know of a distro.
type note struct {
	distro v1alpha1.Distro
	text   string
	// absent means that the table has no row of it.
	absent bool
}

// program says which build of a distro was measured.
type program struct{ version, sum string }

// noteOn puts what is known of a distro into words. missing are the cgroup
// controllers that it insists on and this machine does not delegate; refused are
// its own words about that.
func noteOn(d harness.Distro, carried bool, p program, missing []string, refused string) note {
	n := note{distro: d.Name}
	lacks := strings.Join(missing, ", ")
	switch {
	case !carried:
		n.absent = true
		n.text = fmt.Sprintf("Distro %s was not measured: the node image carries none. Its binary adds it: `K3S_BINARY=/path/to/k3s make bench`.", d.Name)
	case refused != "":
		n.absent = true
		n.text = fmt.Sprintf("Distro %s was not measured: it starts only where the cgroup controllers %s are delegated, and here %s are not. In its own words: %s.",
			d.Name, strings.Join(d.Controllers, ", "), lacks, strings.TrimSuffix(refused, "."))
	case len(missing) > 0:
		n.text = fmt.Sprintf("Distro %s is version %s, binary with SHA-256 %s. This machine does not delegate the cgroup controllers %s, "+
			"without which a released K3s refuses to start: so this is a build with that check taken out, given with `K3S_BINARY`.",
			d.Name, p.version, p.sum, lacks)
	default:
		n.text = fmt.Sprintf("Distro %s is version %s, binary with SHA-256 %s.", d.Name, p.version, p.sum)
	}
	return n
}

// noteAbout notes, once, what there is to say about a distro.
func (b *bench) noteAbout(n note) {
	if !slices.ContainsFunc(b.notes, func(o note) bool { return o.distro == n.distro }) {
		b.notes = append(b.notes, n)
		b.sayf("%s", n.text)
	}
}

// k3sOf is the build of K3s in an unpacked node image.
func k3sOf(rootfs string) (p program, err error) {
	version, err := os.ReadFile(filepath.Join(rootfs, guestapi.K3sVersionFile))
	if err != nil {
		return p, fmt.Errorf("find the version of K3s: %w", err)
	}
	binary, err := os.Open(filepath.Join(rootfs, "usr/local/bin/k3s"))
	if err != nil {
		return p, fmt.Errorf("find the binary of K3s: %w", err)
	}
	defer binary.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, binary); err != nil {
		return p, fmt.Errorf("read the binary of K3s: %w", err)
	}
	return program{version: strings.TrimSpace(string(version)), sum: fmt.Sprintf("%x", sum.Sum(nil))[:16] + "…"}, nil
}

// absentSections stand in the table where the rows of a distro would.
func absentSections(notes []note) []section {
	var out []section
	for _, n := range notes {
		if n.absent {
			out = append(out, section{title: "Distro " + string(n.distro), rows: []row{{name: "not measured, for the reason above the table"}}})
		}
	}
	return out
}

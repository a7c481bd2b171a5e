package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// appendResult adds the numbers of one stage to the file.
func appendResult(path string, r result) error {
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write %q: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("write the results: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write the results: %w", err)
	}
	return nil
}

// sum prints what all stages came to.
func sum(path string, out io.Writer) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the results: %w", err)
	}
	var total result
	for line := range bytes.Lines(content) {
		var r result
		if err := json.Unmarshal(line, &r); err != nil {
			return fmt.Errorf("read %q: %w", path, err)
		}
		total.add(r)
	}
	for _, name := range total.Skips {
		fmt.Fprintln(out, "SKIP", name)
	}
	for _, name := range total.Bad {
		fmt.Fprintln(out, "FAIL", name)
	}
	if n := entriesOf("k3s", total.Skips); n > 0 {
		fmt.Fprintf(out, "%d of the skipped are entries for distro k3s\n", n)
	}
	fmt.Fprintln(out, &total)
	if total.Failed > 0 {
		return errFailed
	}
	return nil
}

// entriesOf counts the tests of a table over distros that are about one distro:
// TestTable/DISTRO/Entry.
func entriesOf(distro string, tests []string) int {
	n := 0
	for _, t := range tests {
		name, _, _ := strings.Cut(t, ": ")
		_, name, _ = strings.Cut(name, ".Test") // the path of a package says nothing
		if strings.Contains(name+"/", "/"+distro+"/") {
			n++
		}
	}
	return n
}

func (r *result) add(o result) {
	r.Passed += o.Passed
	r.Failed += o.Failed
	r.Skipped += o.Skipped
	r.Skips = append(r.Skips, o.Skips...)
	r.Bad = append(r.Bad, o.Bad...)
}

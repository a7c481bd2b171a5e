package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The figures of a page stand between these two lines, all of them and nothing
// else.
const (
	pageBegin = "<!-- figures: printed by \"make bench\", not to be edited -->\n"
	pageEnd   = "<!-- end of figures -->\n"
)

// withFigures is a page with other figures.
func withFigures(page, figures string) (string, error) {
	before, rest, begins := strings.Cut(page, pageBegin)
	_, after, ends := strings.Cut(rest, pageEnd)
	if !begins || !ends {
		return "", fmt.Errorf("the page has no lines %q and %q", strings.TrimSpace(pageBegin), strings.TrimSpace(pageEnd))
	}
	return before + pageBegin + "\n" + figures + "\n" + pageEnd + after, nil
}

// publish prints what was measured, also where something failed later, and puts
// it where else it is wanted.
func (b *bench) publish(sections []section, out, page string) error {
	figures := heading(b.machine(), b.notes) + "\n" + render(append(sections, absentSections(b.notes)...))
	fmt.Print(figures)
	var errs []error
	if out != "" {
		errs = append(errs, os.WriteFile(out, []byte(figures), 0o644))
	}
	if page != "" {
		errs = append(errs, rewrite(page, figures))
	}
	return errors.Join(errs...)
}

func rewrite(path, figures string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	page, err := withFigures(string(old), figures)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(page), 0o644)
}

// machine is when and where figures were got.
type machine struct {
	at                          time.Time
	processors                  int
	processor, kernel           string
	memory                      float64
	load, controllers, repeated string
}

func (b *bench) machine() machine {
	m := machine{at: time.Now().UTC(), processors: runtime.NumCPU(), processor: processorName(), kernel: "unknown", load: "unknown", controllers: b.controllers}
	var name unix.Utsname
	if err := unix.Uname(&name); err == nil {
		m.kernel = unix.ByteSliceToString(name.Release[:])
	}
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err == nil {
		m.memory = float64(info.Totalram) * float64(info.Unit)
	}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.load, _, _ = strings.Cut(string(load), " ")
	}
	m.repeated = fmt.Sprintf("%d repetitions after one that warms the caches, %d of starts on the volume of before", b.runs, min(b.runs, mostRestarts))
	return m
}

// heading says above the table what a reader must know of it.
func heading(m machine, notes []note) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s, all in one run: %d processors (%s), %s, kernel %s", m.at.Format("2006-01-02 15:04 UTC"), m.processors, m.processor, mebi.format(m.memory), m.kernel)
	if m.controllers != "" {
		fmt.Fprintf(&text, ", cgroup controllers delegated: %s", m.controllers)
	}
	fmt.Fprintf(&text, "; load average at the end %s. Figures are medians (smallest–largest) of %s.\n", m.load, m.repeated)
	for _, n := range notes {
		fmt.Fprintf(&text, "\n%s\n", n.text)
	}
	return text.String()
}

// processorName is what the kernel calls the first processor.
func processorName() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(data)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// budget is the most that an image may weigh, in MiB.
type budget struct{ compressed, uncompressed float64 }

// readBudget reads a file with a line "compressed N" and one "uncompressed N".
func readBudget(path string) (budget, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return budget{}, err
	}
	limits, err := parseBudget(string(content))
	if err != nil {
		return budget{}, fmt.Errorf("budget %q: %w", path, err)
	}
	return limits, nil
}

func parseBudget(content string) (budget, error) {
	var limits budget
	for line := range strings.Lines(content) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if err := limits.set(fields); err != nil {
			return budget{}, err
		}
	}
	if limits.compressed == 0 || limits.uncompressed == 0 {
		return budget{}, fmt.Errorf("needs a line \"compressed N\" and a line \"uncompressed N\"")
	}
	return limits, nil
}

func (b *budget) set(fields []string) error {
	if len(fields) != 2 {
		return fmt.Errorf("line %q: want a name and a number of MiB", strings.Join(fields, " "))
	}
	number, err := strconv.ParseFloat(fields[1], 64)
	if err != nil || number <= 0 {
		return fmt.Errorf("line %q: %q is no number of MiB", strings.Join(fields, " "), fields[1])
	}
	switch fields[0] {
	case "compressed":
		b.compressed = number
	case "uncompressed":
		b.uncompressed = number
	default:
		return fmt.Errorf("unknown name %q: want compressed or uncompressed", fields[0])
	}
	return nil
}

// check fails where the layers weigh more than the budget.
func (b *budget) check(layers []*layer) error {
	compressed, plain := total(layers)
	if mebibytes(compressed) > b.compressed || mebibytes(plain) > b.uncompressed {
		return fmt.Errorf("over budget: %.1f MiB compressed (at most %.0f), %.1f MiB uncompressed (at most %.0f): "+
			"make it smaller, or raise the budget and say why",
			mebibytes(compressed), b.compressed, mebibytes(plain), b.uncompressed)
	}
	return nil
}

// total adds up layers.
func total(layers []*layer) (compressed, plain int64) {
	for _, l := range layers {
		compressed += l.size
		plain += l.plain
	}
	return compressed, plain
}

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }

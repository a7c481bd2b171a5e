package main

import (
	"fmt"
	"slices"
)

// series are the values of one figure in several repetitions.
type series []float64

// one is the series of a number that was counted once.
func one(n int) series { return series{float64(n)} }

func (s series) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// text shows the median, and the smallest and largest value where there are
// several.
func (s series) text(u unit) string {
	switch {
	case len(s) == 0:
		return "–"
	case len(s) == 1:
		return u.format(s[0])
	}
	return fmt.Sprintf("%s (%s–%s)", u.format(s.median()), u.number(slices.Min(s)), u.number(slices.Max(s)))
}

// unit is what a figure is counted in.
type unit struct {
	name     string
	decimals int
	// divisor turns values into the unit.
	divisor float64
}

// The units of the table.
var (
	seconds = unit{name: " s", decimals: 2, divisor: 1}
	mebi    = unit{name: " MiB", divisor: 1 << 20}
	count   = unit{decimals: 1, divisor: 1}
	whole   = unit{divisor: 1}
	milli   = unit{name: " ms", divisor: 1e-3}
)

func (u unit) number(v float64) string {
	return fmt.Sprintf("%.*f", u.decimals, v/u.divisor)
}

func (u unit) format(v float64) string { return u.number(v) + u.name }

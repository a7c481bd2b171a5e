// Package accessible is the TUI for screen readers: plain questions and
// answers, line by line. Nothing is drawn, nothing moves.
package accessible

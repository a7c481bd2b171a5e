// Package keys declares every key of the TUI once. The help screen, the line
// at the bottom and docs/tui.md are made from it.
package keys

// Command gendoc writes docs/tui.md, whose tables of keys are those that the
// program obeys.
package main

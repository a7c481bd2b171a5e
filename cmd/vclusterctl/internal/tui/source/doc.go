// Package source keeps the TUI informed of what the API server has: it lists,
// watches, and when that breaks says so and tries again. It draws nothing.
package source

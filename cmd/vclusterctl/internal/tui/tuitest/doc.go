// Package tuitest is what the tests of the TUI share: clusters in every state,
// an API server that does what it is told, and ways to press keys.
package tuitest

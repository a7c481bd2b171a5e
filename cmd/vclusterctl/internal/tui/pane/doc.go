// Package pane shows a text of any length: it scrolls, wraps, follows its end
// and searches. What it costs to draw depends on what is visible only.
package pane

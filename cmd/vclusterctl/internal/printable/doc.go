// Package printable makes text from elsewhere safe to print: a condition, a log
// or the API inside a cluster can hold anything, and what moves the cursor,
// rewrites the screen or makes a text look like another one must not reach a
// terminal.
package printable

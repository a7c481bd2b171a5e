// Command picture turns what a program printed, read from standard input, into
// an SVG of a terminal on standard output. It knows the colours that our own
// command line uses and nothing of cursor movement.
package main

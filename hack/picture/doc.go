// Command picture makes SVGs of a terminal. By itself it draws what a program
// printed, read from standard input, on standard output. With -script it runs a
// program in a terminal of its own, plays what the script says (see play.go) and
// draws the screen where it says so.
package main

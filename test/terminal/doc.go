// Package terminal is somebody at a terminal: it runs a program in a pseudo
// terminal, types, and sees what stands on the screen, because it interprets
// what is written as a terminal does.
package terminal

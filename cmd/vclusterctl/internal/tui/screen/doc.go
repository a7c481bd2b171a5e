// Package screen is what all screens of the TUI have in common. A screen draws
// the part between the first and the last line of the terminal. It does no
// input or output itself: it hands out commands, and messages to the program
// around it.
package screen

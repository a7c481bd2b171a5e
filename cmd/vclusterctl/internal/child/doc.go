// Package child runs a program of the user's as if this one were not there: it
// has the same terminal, the same streams and the same signals, and its exit
// code is ours.
//
// The terminal sends what is typed, like Ctrl-C, to everybody in the foreground,
// the program included; that is not sent to it a second time. What was sent to
// this process alone, like a SIGTERM, is passed on.
package child

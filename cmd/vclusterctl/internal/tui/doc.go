// Package tui is the terminal user interface: all clusters on one screen, live,
// and what can be done to them from there. This package only routes: messages
// to screens, requests of screens to what fulfils them. What a screen shows is
// made in the packages below.
package tui

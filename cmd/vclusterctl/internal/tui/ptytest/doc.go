// Package ptytest runs the real program on a real terminal, against a real API
// server. It has nothing but tests.
package ptytest

// Package theme says how things look: with colours or without, with Unicode
// or ASCII only. It also makes text from elsewhere safe to show.
package theme

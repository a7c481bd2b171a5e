// Package list is the screen with all clusters, one line each. However many
// there are, only the visible ones are drawn.
package list

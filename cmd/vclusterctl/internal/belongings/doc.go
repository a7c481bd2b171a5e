// Package belongings says what a line tells of what belongs to a cluster: its
// node pods, and the events about it.
package belongings

// Package describe writes for people all there is to know of one virtual
// cluster. It is pure: what is shown is handed in.
package describe

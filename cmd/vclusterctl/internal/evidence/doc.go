// Package evidence saves what is needed to find out afterwards how a virtual
// cluster was and how a run with it went.
package evidence

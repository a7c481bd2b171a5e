// Package create is the form for a new cluster. The API server checks it
// whenever a field is left, and what would be applied stands beside it.
package create

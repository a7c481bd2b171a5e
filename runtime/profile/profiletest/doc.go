// Package profiletest holds what the tests of the runtime profiles share: golden
// files, and nodes to ask about.
package profiletest

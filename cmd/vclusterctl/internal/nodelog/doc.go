// Package nodelog reads what the nodes of a virtual cluster have logged: their
// journals, and what their containers print where a journal cannot be read. It
// follows a log over restarts of its node.
package nodelog

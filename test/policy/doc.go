// Package policy holds the admission policies of the chart to what they are to
// refuse, and to what they must let through, with a real API server.
package policy

// Package report keeps what the guest knows about its node and answers for it
// over HTTPS: readiness to anyone, the full report to whoever has the token.
package report

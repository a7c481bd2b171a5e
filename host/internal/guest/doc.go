// Package guest reads the report of the node over HTTPS, as the only one who
// may: it verifies the node by its cluster's CA and shows its token.
package guest

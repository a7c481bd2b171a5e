// Package catalog lists the runtime profiles there are.
package catalog

//go:build !windows

package cli

import "os"

// takesEscapes: every terminal does that is not called dumb.
func takesEscapes(*os.File) bool { return true }

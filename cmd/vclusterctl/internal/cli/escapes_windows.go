package cli

import (
	"os"

	"golang.org/x/sys/windows"
)

// takesEscapes switches a console to escape sequences. Those before Windows 10
// know none, and would show them as letters.
func takesEscapes(console *os.File) bool {
	handle := windows.Handle(console.Fd())
	var mode uint32
	if windows.GetConsoleMode(handle, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(handle, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}

package cli

import "fmt"

// ExitOwn ends verbs that pass on the exit code of a program, where they fail
// themselves.
const ExitOwn = 125

// ProgramExit is no failure of ours: a program that was run for the user has
// ended, and its code is passed on. It has said itself what there was to say.
type ProgramExit struct{ Code int }

// Error implements error.
func (e *ProgramExit) Error() string { return fmt.Sprintf("exit code %d", e.Code) }

// PassOn is nil for a program that ended well.
func PassOn(code int) error {
	if code == 0 {
		return nil
	}
	return &ProgramExit{Code: code}
}

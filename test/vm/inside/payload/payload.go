// Package payload names what is on the disk that the tests in the machine come
// on.
package payload

// Dir is where the machine mounts the disk.
const Dir = "/payload"

// Env is set where the tests may do what they like: they set the clock.
const Env = "VCLUSTERCTL_VM"

// Names of the files on it.
const (
	CLI             = "vclusterctl"
	NodeImage       = "node.tar"
	ControllerImage = "controller.tar"
	Tests           = "inside.test"
	// Arguments is an environment file that sets ARGUMENTS, those of Tests.
	Arguments = "arguments"
)

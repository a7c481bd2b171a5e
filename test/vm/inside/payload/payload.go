// Package payload names what is on the disk that the tests in the machine come
// on.
package payload

// Dir is where the machine mounts the disk.
const Dir = "/payload"

// Names of the files on it.
const (
	CLI             = "vclusterctl"
	NodeImage       = "node.tar"
	ControllerImage = "controller.tar"
	Tests           = "inside.test"
	// Arguments is an environment file that sets ARGUMENTS, those of Tests.
	Arguments = "arguments"
)

package host

// Progress is one thing that Up or Down has to say while it works.
type Progress struct {
	// Step is a stable name in CamelCase, for example "Unpack". The milestones
	// of the node's boot are among them.
	Step string
	// Message is for people.
	Message string
	// Warning marks what the host goes without.
	Warning bool
}

// The steps of Up and Down. Milestones of the node's boot are reported as steps
// under their own names.
const (
	StepImage   = "Image"
	StepUnpack  = "Unpack"
	StepCgroup  = "Cgroup"
	StepNetwork = "Network"
	StepStart   = "Start"
	StepBoot    = "Boot"
	StepLoad    = "Load"
	StepContext = "Context"
	StepReady   = "Ready"
	StepStop    = "Stop"
	StepClean   = "Clean"
)

// Reporter is told what happens as it happens. It is called from one goroutine
// at a time. A nil Reporter is fine.
type Reporter func(Progress)

func (r Reporter) say(step, message string) {
	if r != nil {
		r(Progress{Step: step, Message: message})
	}
}

func (r Reporter) warn(step, message string) {
	if r != nil {
		r(Progress{Step: step, Message: message, Warning: true})
	}
}

// Package probe proves what a runtime profile only asks about: it builds a pod
// that boots the node image's probe target on one node under one runtime, in the
// shape that node pods have there, and reads what that pod found out. Versions
// and what a node says of itself are known to lie; a mount that works does not.
//
// The package is pure. Whoever uses it brings the client and the clock:
//
//	answer := p.Ask(profile.Question{Nodes: []corev1.Node{node}, …})  // says the node that it offers it?
//	pod, err := probe.Pod(probe.Options{
//		Knowledge: p.Knowledge(),
//		Shape:     p.PodShape(profile.PodOptions{Seccomp: answer.Seccomp(), UserNamespace: …}),
//		Node:      node.Name,
//		Namespace: …, // one whose Pod Security level lets p.Knowledge().PodSecurity in
//		Image:     …, // the node image
//	})
//	// Create it. Being refused by the API server is an answer, too: probe.Refused(err.Error()).
//	// Delete it in any case, with a context of its own. It ends by itself, but stays.
//	for each change of the pod, and after Progress.Recheck {
//		progress := probe.Read(probe.Observed{Knowledge: …, Pod: pod, Events: …, NodeKernel: …}, now)
//		if progress.Done {
//			use(progress.Result) // Verdict, Message, Checks
//		}
//	}
//
// Events are those of the pod (fields involvedObject.uid): why a sandbox cannot
// be made is said there and nowhere else. Without the right to read them pass
// none, and the result says less.
//
// What a check needs, what it is for and what to do is in needs.go. A result
// with Verdict Passed may have checks of weight Comfort that are not ok: nodes
// run without those, and say so.
package probe

package e2e

import (
	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/images"
)

// imageGone takes the node image off the host's node, as a kubelet does that
// needs room. Clusters that run go on; one that is made then says what it waits
// for, and comes up by itself once the image is loaded, until a pod can start in it.
func (x *subject) imageGone() {
	x.Helper()
	_, err := x.host.OnNode(x.ctx, "ctr", "--namespace", "k8s.io", "images", "rm", "--sync", images.NodeRef())
	x.must(err)
	defer x.loadImage()
	vc := x.create("imageless")
	x.checkRefusal(vc, v1alpha1.ReasonImagePullFailed, []string{images.NodeRef(), "host-0", "load it onto the node"})
	x.loadImage()
	x.ready(vc)
	x.must(x.host.Delete(x.ctx, vc))
	x.must(x.host.AwaitNothing(x.within(stepTimeout), vc.Namespace, vc.Name))
}

// loadImage loads the node image with the real program.
func (x *subject) loadImage() {
	x.Helper()
	ctx, cancel := x.afterwards()
	defer cancel()
	o := x.host.Options
	x.wantCode(x.host.Run(ctx, "host", "load-image", "--name", o.Name, "--state-root", o.StateRoot, "--run-root", o.RunRoot, o.Image), 0)
}

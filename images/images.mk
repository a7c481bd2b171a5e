# Targets that build the node image and the controller image. Included by the
# root Makefile.
#
# DIST, VERSION and LDFLAGS may be set by the including Makefile; DEBIAN_MIRROR
# and K3S_BINARY by the caller: the path of a k3s binary, or "none" for an image
# without it. Left out, K3s is downloaded where there is a network.
DIST    ?= dist
VERSION ?= dev
LDFLAGS ?=
IMAGE_BUILD = go run ./images/build -dist "$(DIST)" -version "$(VERSION)" -ldflags "$(LDFLAGS)" -mirror "$(DEBIAN_MIRROR)"

.PHONY: image
image: setup ## Build dist/node.tar and dist/controller.tar.
	$(IMAGE_BUILD)

.PHONY: image-refresh
image-refresh: setup ## The same with the newest Debian packages.
	$(IMAGE_BUILD) -refresh

.PHONY: testbin
testbin: setup ## Build dist/testbin/{kube-apiserver,etcd,kubectl,containerd} for tests.
	$(IMAGE_BUILD) testbin

.PHONY: testbin-gvisor
testbin-gvisor: setup ## Build dist/testbin/{runsc,containerd-shim-runsc-v1} for end-to-end tests (some minutes when cold).
	$(IMAGE_BUILD) gvisor

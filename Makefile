# See "make help".

VERSION ?= dev
MODULE   = github.com/vclusterctl/vclusterctl
LDFLAGS  = -X $(MODULE)/cmd/vclusterctl/internal/buildinfo.Version=$(VERSION)
DIST     = dist

.DEFAULT_GOAL = help

include images/images.mk

##@ Build

.PHONY: build
build: ## Build bin/vclusterctl and bin/guest.
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/vclusterctl ./cmd/guest

.PHONY: generate
generate: ## Regenerate every generated file.
	hack/generate

.PHONY: man
man: ## Write the manual pages to dist/man.
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) go run -ldflags '$(LDFLAGS)' ./cmd/vclusterctl/internal/reference man $(DIST)/man

.PHONY: completions
completions: ## Write the completions of shells and of kubectl to dist/completions.
	go run ./cmd/vclusterctl/internal/reference completions $(DIST)/completions

.PHONY: clean
clean: ## Remove bin/ and dist/; caches outside the tree stay.
	rm -rf bin dist

##@ Try

.PHONY: demo
demo: setup build image testbin ## The main job on this machine: embedded host, controller, virtual cluster, workload inside it.
	hack/demo/demo.sh

.PHONY: demo-clean
demo-clean: build ## Take the demo down; packages and caches stay.
	bin/vclusterctl host down --purge

.PHONY: pictures
pictures: build testbin ## Take the pictures of the documentation anew; needs the host that "make demo" leaves.
	hack/picture/take.sh

##@ Check

.PHONY: test
test: ## Everything a change must pass.
	hack/setup test
	hack/test

.PHONY: test-unit
test-unit: ## The tests that need no root and no cluster.
	hack/test short

.PHONY: soak
soak: setup build image ## Rounds of random faults on an embedded host. SOAK_ROUNDS or SOAK_MINUTES say how many, SOAK_SEED repeats one.
	VCLUSTERCTL_E2E=required go test -tags soak -count=1 -timeout 0 -v -run '^TestSoak$$' ./test/e2e

.PHONY: lint
lint: ## Lint the code and the API.
	hack/lint

.PHONY: verify
verify: ## Fail if a generated file is not up to date.
	hack/verify

.PHONY: bench
bench: setup build image testbin ## Measure virtual clusters beside the same processes bare; BENCH_OUT=file keeps the figures, BENCH_PAGE=docs/performance.md puts them there.
	go run ./test/bench

.PHONY: test-vm
test-vm: setup build image ## The main job on Debian's kernel with every cgroup controller, in QEMU (slow).
	hack/setup vm
	hack/test vm

.PHONY: setup
setup: ## Install the Debian packages that are missing.
	hack/setup

##@ Help

.PHONY: help
help: ## Show this.
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Heads what images.mk adds to the help.
##@ Images

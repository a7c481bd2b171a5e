#!/usr/bin/env bash
# The main job on a bare machine: an embedded host, the controller in it, a
# virtual cluster, and a workload inside that. Leaves everything up.
set -euo pipefail
cd "$(dirname "$0")/../.."

export KUBECONFIG=${KUBECONFIG:-$HOME/.kube/config}
vclusterctl=bin/vclusterctl
kubectl=dist/testbin/kubectl

say() { printf '\n\033[1m==> %s\033[0m\n' "$*"; }
inside() { "$kubectl" --context vclusterctl-default-dev "$@"; }

say "Embedded host: a one-node Kubernetes on this machine"
# It loads controller.tar, beside the node image, too. --restart: an image built
# from newer sources than the running host's takes its place; state is kept.
"$vclusterctl" host up --image dist/node.tar --restart

say "The controller, in the embedded host"
"$vclusterctl" --context vclusterctl-host install --wait

say "vclusterctl create dev"
"$vclusterctl" --context vclusterctl-host create dev --wait

say "A workload inside dev"
inside apply -f hack/demo/workload.yaml
inside rollout status deployment/hello --timeout=180s
inside -n kube-system rollout status deployment/coredns --timeout=180s
# kube-proxy learns of new endpoints a moment after the API does.
inside exec deployment/hello -- sh -c '
  for try in $(seq 30); do
    wget -qO- -T 2 http://hello.default.svc.cluster.local 2>/dev/null && exit
    sleep 1
  done
  echo "no answer from the Service for 30 tries" >&2
  exit 1'

say "dev, from inside: its nodes and pods"
inside get nodes -o wide
inside get pods -A -o wide

say "The proof that it is unprivileged"
"$vclusterctl" --context vclusterctl-host describe dev

say "Done. Next: $kubectl --context vclusterctl-default-dev get pods -A   (make demo-clean takes everything down)"

#!/usr/bin/env bash
# Takes the README's picture from the real program, on a running embedded host
# with the controller in it ("make demo" leaves one). The cluster "dev" is made
# anew for it.
set -euo pipefail
cd "$(dirname "$0")/../.."

vclusterctl() { bin/vclusterctl --context vclusterctl-host "$@"; }
shown() { printf '$ %s\n' "$*"; }

mkdir -p docs/images
vclusterctl delete dev >/dev/null 2>&1 || true
{
  shown vclusterctl create dev
  # Steps under way are lines with "..."; on a terminal they give way to the
  # step that passed.
  vclusterctl create dev 2>&1 | grep -v '\.\.\.'
  echo
  shown kubectl get nodes
  dist/testbin/kubectl --context vclusterctl-default-dev get nodes
  echo
  shown vclusterctl describe dev
  echo '(…)'
  vclusterctl describe dev | sed -n '/^Isolation/,/^$/p'
} | go run ./hack/picture -title 'vclusterctl' -columns 108 > docs/images/create.svg

#!/usr/bin/env bash
# Takes the pictures of the documentation from the real program, on a running
# embedded host with the controller in it ("make demo" leaves one). The clusters
# dev, preview and staging are made anew for them; the last two go again.
# Arguments are what to take: create, tui; both without.
set -euo pipefail
cd "$(dirname "$0")/../.."

program=${VCLUSTERCTL:-bin/vclusterctl}
vclusterctl() { "$program" --context vclusterctl-host "$@"; }
without() { for name; do vclusterctl delete "$name" --ignore-not-found; done; }
shown() { printf '$ %s\n' "$*"; }

create() {
  without dev >/dev/null
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
}

tui() {
  trap 'without preview staging' EXIT
  without dev preview staging
  vclusterctl create dev
  vclusterctl create staging --pool workers=1
  vclusterctl pause staging
  go build -o bin/ ./hack/picture
  vclusterctl create preview --wait=false
  bin/picture -title 'vclusterctl' -columns 100 -script hack/picture/tui.txt \
    "$program" --context vclusterctl-host
}

mkdir -p docs/images
[ $# -gt 0 ] || set -- create tui
for picture; do "$picture"; done

#!/usr/bin/env bash
# Removes aurora-backtrack from a Kubernetes cluster. It can be run again, and from any state. docs/install.md, "Uninstall",
# explains it. It needs kubectl, and the rights of a cluster administrator.
#
#   config/uninstall.sh                      delete the objects, which the operator cleans up, and then the operator
#   config/uninstall.sh --without-operator   the operator is gone for good, or cannot work: remove its finalizers by hand
#   config/uninstall.sh -k my/overlay        what was installed is this, and not config/install.yaml; also -f FILE
#
# TIMEOUT (30m) is how long the operator may take to clean up. A rewind that RDS has accepted is followed to its end.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kinds=(aurorabacktracks.aurora-backtrack.io auroraclusters.aurora-backtrack.io)
workloads=(deployments.apps statefulsets.apps replicasets.apps daemonsets.apps cronjobs.batch)
custom_workloads=(rollouts.argoproj.io scaledobjects.keda.sh)
manager=app.kubernetes.io/name=aurora-backtrack,app.kubernetes.io/component=manager
timeout=${TIMEOUT:-30m}
manifests=(-f "$here/install.yaml")
with_operator=true

while (($# > 0)); do
  case $1 in
  --without-operator) with_operator=false ;;
  -f | -k) manifests=("$1" "${2:?$1 needs a file or a directory}") && shift ;;
  *) sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" && exit 2 ;;
  esac
  shift
done

say() { printf '%s\n' "$*" >&2; }

# served reports whether the cluster has the custom resource.
served() {
  local found
  found=$(kubectl get customresourcedefinition "$1" --ignore-not-found -o name) || exit 1
  [[ -n $found ]]
}

# delete_objects has the operator clean up. First the rewinds, which need their AuroraCluster to come to their end.
delete_objects() {
  local kind scope
  if [[ -z $(kubectl get deployments --all-namespaces -l "$manager" -o 'jsonpath={.items[?(@.status.readyReplicas)].metadata.name}') ]]; then
    say "warning: no operator is ready in this cluster; objects that it must clean up stay until one is"
  fi
  for kind in "${kinds[@]}"; do
    served "$kind" || continue
    scope=() && [[ $kind == aurorabacktracks* ]] && scope=(--all-namespaces)
    if ! kubectl delete "$kind" --all ${scope[@]+"${scope[@]}"} --timeout="$timeout"; then
      say "" "These $kind were not cleaned up within $timeout:"
      kubectl get "$kind" ${scope[@]+"${scope[@]}"} >&2
      say "" "Look at their messages with kubectl describe. If no operator runs, install it again (kubectl apply --server-side" \
        "${manifests[*]}) and run this again; if it can't be, run this with --without-operator."
      exit 1
    fi
  done
}

# refuse_if_paused looks for workloads that are still paused, which nobody would resume any more.
refuse_if_paused() {
  local kind found paused= all=("${workloads[@]}")
  for kind in "${custom_workloads[@]}"; do
    if served "$kind"; then all+=("$kind"); fi
  done
  for kind in "${all[@]}"; do
    found=$(kubectl get "$kind" --all-namespaces -o go-template='{{range .items}}{{$item := .}}{{with .metadata.annotations}}{{with index . "aurora-backtrack.io/paused"}}{{$item.kind}} {{$item.metadata.namespace}}/{{$item.metadata.name}}: {{.}}{{"\n"}}{{end}}{{end}}{{end}}')
    [[ -z $found ]] || paused+=$found$'\n'
  done
  [[ -n $paused ]] || return 0
  say "These workloads are still paused, and without the operator nobody resumes them:" "" "$paused"
  say 'Set each back to what "restore" says (docs/install.md says which field that is), remove the annotation' \
    "aurora-backtrack.io/paused, and run this again."
  exit 1
}

# release_objects deletes all objects and removes the operator's finalizers from them, in the operator's place.
release_objects() {
  local kind namespace name rest
  kubectl delete deployments --all-namespaces -l "$manager" --timeout="$timeout"
  refuse_if_paused
  # This policy lets only the operator remove its finalizers.
  kubectl delete validatingadmissionpolicybinding aurora-backtrack-operator-only --ignore-not-found
  for kind in "${kinds[@]}"; do
    served "$kind" || continue
    if [[ $kind == aurorabacktracks* ]]; then
      kubectl delete "$kind" --all --all-namespaces --wait=false
    else
      kubectl delete "$kind" --all --wait=false
    fi
    kubectl get "$kind" --all-namespaces -o go-template='{{range .items}}{{with .metadata.namespace}}{{.}}{{else}}-{{end}} {{.metadata.name}} {{range .metadata.finalizers}}{{.}} {{end}}{{"\n"}}{{end}}' |
      while read -r namespace name rest; do
        release "$kind" "$namespace" "$name" $rest
      done
  done
}

# release KIND NAMESPACE NAME FINALIZER… keeps the finalizers of others.
release() {
  local kind=$1 namespace=$2 name=$3 finalizer others=() scope=() list try
  shift 3
  [[ $namespace == - ]] || scope=(-n "$namespace")
  for finalizer; do [[ $finalizer == aurora-backtrack.io/* ]] || others+=("\"$finalizer\""); done
  list=$(IFS=, && echo "${others[*]-}")
  # An API server goes on enforcing a policy for a moment after its binding was deleted.
  for try in {1..30}; do
    [[ -n $(kubectl get "$kind" ${scope[@]+"${scope[@]}"} "$name" --ignore-not-found -o name) ]] || return 0
    kubectl patch "$kind" ${scope[@]+"${scope[@]}"} "$name" --type merge -p "{\"metadata\":{\"finalizers\":[$list]}}" && return 0
    sleep 1
  done
  say "the finalizer of $kind $name could not be removed"
  return 1
}

if "$with_operator"; then delete_objects; else release_objects; fi
kubectl delete "${manifests[@]}" --ignore-not-found --timeout="$timeout"
say "" "aurora-backtrack is removed."

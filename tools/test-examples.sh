#!/usr/bin/env bash
# Runs every stage of each example in a copy of it, and checks that the overlay makes exactly one test fail.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# copy EXAMPLE TARGET: the files that git knows or would take, so no leftovers of earlier runs.
copy() {
  mkdir -p "$2"
  (cd "$1" && git ls-files -z --cached --others --exclude-standard . | tar --null -T - -cf -) | tar -xf - -C "$2"
}

quietly() { # quietly WHAT COMMAND...: shows the output only of a failure
  local what=$1
  shift
  if ! "$@" >"$work/log" 2>&1; then
    cat "$work/log" >&2
    echo "examples: $what failed" >&2
    exit 1
  fi
  echo "ok: $what"
}

copy examples/greeter-node "$work/greeter"
(
  cd "$work/greeter"
  for stage in lint build test package; do quietly "greeter-node $stage" node "tools/$stage.mjs"; done
)

copy examples/ledger-python "$work/ledger"
(
  cd "$work/ledger"
  for stage in lint run_tests build_wheel; do quietly "ledger-python $stage" python3 "tools/$stage.py"; done
)

copy examples/greeter-node "$work/failing"
copy examples/overlays/greeter-node-failing "$work/failing"
(
  cd "$work/failing"
  quietly "greeter-node-failing lint" node tools/lint.mjs
  if node tools/test.mjs >"$work/log" 2>&1; then
    echo "examples: the tests of greeter-node-failing pass" >&2
    exit 1
  fi
  failures=$(grep -c '<failure' reports/junit.xml || true)
  if [ "$failures" -ne 1 ] || [ ! -s reports/cobertura.xml ]; then
    cat "$work/log" >&2
    echo "examples: greeter-node-failing has $failures failures, not one, or no coverage" >&2
    exit 1
  fi
  echo "ok: greeter-node-failing fails in exactly one test"
)

#!/usr/bin/env bash
# Every test: lint, the pages, the examples, the crates, end to end on SQLite and on PostgreSQL with Redis, and the
# dashboard in a browser.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/env.sh
. tools/env.sh

step() { printf '\n== %s\n' "$*"; }

step "lint"
tools/lint.sh
step "GraphiQL"
(cd web/graphiql && node --test)
step "dashboard"
(cd web && npm run --silent lint && npm run --silent test)
step "examples"
tools/test-examples.sh
step "crates, and the server end to end"
cargo test --locked --workspace
step "dashboard in a browser"
SLUICE_PROGRAM=$(realpath "${CARGO_TARGET_DIR:-target}")/debug/sluice
export SLUICE_PROGRAM
(cd web && npm run --silent e2e)

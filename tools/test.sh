#!/usr/bin/env bash
# Every test: lint, the page of GraphiQL, the examples, the crates, and end to end on SQLite and PostgreSQL.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/env.sh
. tools/env.sh

step() { printf '\n== %s\n' "$*"; }

step "lint"
tools/lint.sh
step "GraphiQL"
(cd web/graphiql && node --test)
step "examples"
tools/test-examples.sh
step "crates, and the server end to end"
cargo test --locked --workspace

#!/usr/bin/env bash
# Seeds a world, serves it, and measures the product's operations, on SQLite and on PostgreSQL.
# Prints Markdown. Arguments: scale (default 1), seconds of each measurement (default 8).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/env.sh
. tools/env.sh
# shellcheck source=tools/bench-servers.sh
. tools/bench-servers.sh

scale=${1:-1}
seconds=${2:-8}
tenant=${SLUICE_BENCH_TENANT:-acme}

cargo build --release --locked -p sluice -p sluice-bench >&2
bin=$(realpath "${CARGO_TARGET_DIR:-target}")/release

measure() {
  local title=$1 data=$2 token
  "$bin/sluice" seed --scale "$scale" >&2
  start_server "$data.log"
  token=$("$bin/sluice" token --tenant "$tenant" --actor bench)
  "$bin/sluice-bench" --url "$address" --token "$token" --server-pid "$server" \
    --seconds "$seconds" --title "$title"
  stop_server
  echo
}

# A made-up world has no repositories to compare targets with.
export SLUICE_GITOPS_CHECK_INTERVAL=1h
export SLUICE_DATA_DIR=$work/sqlite
measure "SQLite, scale $scale" "$work/sqlite"

start_postgres
export SLUICE_DATABASE_URL=$url SLUICE_DATA_DIR=$work/postgres SLUICE_DATABASE_CONNECTIONS=8
measure "PostgreSQL, scale $scale" "$work/postgres"

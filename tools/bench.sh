#!/usr/bin/env bash
# Seeds a world, serves it, and measures the product's operations, on SQLite and on PostgreSQL.
# Prints Markdown. Arguments: scale (default 1), seconds of each measurement (default 8).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/env.sh
. tools/env.sh

scale=${1:-1}
seconds=${2:-8}
work=$(mktemp -d "${TMPDIR:-/tmp}/sluice-bench.XXXXXX")
server=
postgres=

finish() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi
  if [ -n "$postgres" ]; then
    (cd / && unprivileged "$postgres/pg_ctl" -D "$work/pg/data" -m immediate stop >/dev/null 2>&1) || true
  fi
  rm -rf "$work"
}
trap finish EXIT

cargo build --release --locked -p sluice -p sluice-bench >&2
bin=$(realpath "${CARGO_TARGET_DIR:-target}")/release

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# PostgreSQL refuses to run as root.
unprivileged() {
  if [ "$(id -u)" = 0 ]; then setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; else "$@"; fi
}

# Sets `postgres` (the folder of its programs) and `url`. The role owns its database and is no
# superuser, so that row policies are part of what is measured.
start_postgres() {
  local port
  postgres=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin | sort -V | tail -1)
  port=$(free_port)
  mkdir -m 700 "$work/pg"
  if [ "$(id -u)" = 0 ]; then chown 65534:65534 "$work/pg"; chmod 755 "$work"; fi
  cd "$work/pg"
  unprivileged "$postgres/initdb" -D "$work/pg/data" -U postgres --auth=trust --encoding=UTF8 --locale=C >/dev/null
  unprivileged "$postgres/pg_ctl" -D "$work/pg/data" -w -l "$work/pg/log" \
    -o "-p $port -k $work/pg -h 127.0.0.1 -c shared_buffers=1GB -c max_connections=300" start >/dev/null
  "$postgres/psql" -q -h 127.0.0.1 -p "$port" -U postgres -c "CREATE ROLE sluice LOGIN" postgres
  "$postgres/createdb" -h 127.0.0.1 -p "$port" -U postgres -O sluice sluice
  cd - >/dev/null
  url=postgres://sluice@127.0.0.1:$port/sluice
}

measure() {
  local title=$1 data=$2 port
  port=$(free_port)
  "$bin/sluice" seed --scale "$scale" >&2
  "$bin/sluice" serve --listen "127.0.0.1:$port" >"$data.log" 2>&1 &
  server=$!
  for _ in $(seq 200); do
    if curl -sf "http://127.0.0.1:$port/readyz" >/dev/null; then break; fi
    sleep 0.1
  done
  local token
  token=$("$bin/sluice" token --tenant "$tenant" --actor bench)
  "$bin/sluice-bench" --url "http://127.0.0.1:$port" --token "$token" --server-pid "$server" \
    --seconds "$seconds" --title "$title"
  kill "$server"
  wait "$server" || true
  server=
  echo
}

tenant=${SLUICE_BENCH_TENANT:-acme}
# A made-up world has no repositories to compare targets with.
export SLUICE_GITOPS_CHECK_INTERVAL=1h
export SLUICE_DATA_DIR=$work/sqlite
measure "SQLite, scale $scale" "$work/sqlite"

start_postgres
export SLUICE_DATABASE_URL=$url SLUICE_DATA_DIR=$work/postgres SLUICE_DATABASE_CONNECTIONS=8
measure "PostgreSQL, scale $scale" "$work/postgres"

#!/usr/bin/env bash
# Measures subscriptions of very many WebSockets beside a bare broadcast of the same bytes: with
# everything in the process, and with PostgreSQL and Redis. Prints Markdown.
# Arguments: numbers of subscribers (default 1000,10000; `max`: as many as files may be opened),
# events of each measurement (default 100), events per second of the paced ones (default 5).
# SLUICE_BENCH_PROFILE=dev measures an unoptimised build, to try the benchmark itself.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/env.sh
. tools/env.sh
# shellcheck source=tools/bench-servers.sh
. tools/bench-servers.sh

subscribers=${1:-1000,10000}
events=${2:-100}
rate=${3:-5}
profile=${SLUICE_BENCH_PROFILE:-release}

cargo build --profile "$profile" --locked -p sluice -p sluice-bench-stream >&2
folder=$profile
if [ "$profile" = dev ]; then folder=debug; fi
bin=$(realpath "${CARGO_TARGET_DIR:-target}")/$folder

# A socket is an open file of the server and one of the driver. The report names the limit.
ulimit -Hn 1048576 2>/dev/null || true
ulimit -Sn "$(ulimit -Hn)"

measure() {
  local title=$1 data=$2 token
  start_server "$data.log"
  token=$("$bin/sluice" token --tenant bench --actor bench)
  "$bin/sluice-bench-stream" measure --url "$address" --token "$token" --server-pid "$server" \
    --subscribers "$subscribers" --events "$events" --rate "$rate" --title "$title"
  stop_server
  echo
}

# One caller opens all sockets here; what one may open otherwise is not what is measured.
export SLUICE_STREAM_MAX_CONNECTIONS=1000000
export SLUICE_STREAM_MAX_CONNECTIONS_PER_TENANT=1000000
export SLUICE_STREAM_MAX_CONNECTIONS_PER_PRINCIPAL=1000000
export SLUICE_DATA_DIR=$work/embedded
measure "Streams, everything in the process" "$work/embedded"

start_postgres
start_redis
export SLUICE_DATABASE_URL=$url SLUICE_REDIS_URL=$redis_url SLUICE_DATA_DIR=$work/production
measure "Streams, PostgreSQL and Redis" "$work/production"

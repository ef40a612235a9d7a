# shellcheck shell=bash
# Sourced by the benchmarks: servers in a temporary folder, `$work`, that end with the script. They
# set `bin`, the folder of the built programs.
# shellcheck disable=SC2034,SC2154

work=$(mktemp -d "${TMPDIR:-/tmp}/sluice-bench.XXXXXX")
server=
postgres=
redis=

finish() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi
  if [ -n "$redis" ]; then kill "$redis" 2>/dev/null || true; fi
  if [ -n "$postgres" ]; then
    (cd / && unprivileged "$postgres/pg_ctl" -D "$work/pg/data" -m immediate stop >/dev/null 2>&1) || true
  fi
  rm -rf "$work"
}
trap finish EXIT

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
  (
    cd "$work/pg" || exit
    unprivileged "$postgres/initdb" -D "$work/pg/data" -U postgres --auth=trust --encoding=UTF8 --locale=C
    unprivileged "$postgres/pg_ctl" -D "$work/pg/data" -w -l "$work/pg/log" \
      -o "-p $port -k $work/pg -h 127.0.0.1 -c shared_buffers=1GB -c max_connections=300" start
  ) >/dev/null
  "$postgres/psql" -q -h 127.0.0.1 -p "$port" -U postgres -c "CREATE ROLE sluice LOGIN" postgres
  "$postgres/createdb" -h 127.0.0.1 -p "$port" -U postgres -O sluice sluice
  url=postgres://sluice@127.0.0.1:$port/sluice
}

# Sets `redis_url`.
start_redis() {
  local port
  port=$(free_port)
  mkdir "$work/redis"
  redis-server --port "$port" --bind 127.0.0.1 --dir "$work/redis" --save '' --appendonly yes \
    --appendfsync everysec --maxmemory-policy noeviction >"$work/redis.log" 2>&1 &
  redis=$!
  redis_url=redis://127.0.0.1:$port/
  for _ in $(seq 100); do
    if redis-cli -p "$port" ping >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  echo "Redis does not answer:" >&2
  cat "$work/redis.log" >&2
  exit 1
}

# start_server LOG: serves with the settings of the environment; sets `server` and `address`.
start_server() {
  local log=$1 port
  port=$(free_port)
  address=http://127.0.0.1:$port
  "$bin/sluice" serve --listen "127.0.0.1:$port" >"$log" 2>&1 &
  server=$!
  for _ in $(seq 200); do
    if curl -sf "$address/readyz" >/dev/null; then return; fi
    sleep 0.1
  done
  echo "The server does not answer:" >&2
  tail "$log" >&2
  exit 1
}

stop_server() {
  kill "$server"
  wait "$server" || true
  server=
}

# shellcheck shell=bash
# Sourced by the other scripts: puts tools on the PATH that are often installed beside it.

if ! command -v cargo >/dev/null && [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
  PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
fi

# Debian keeps the programs of the PostgreSQL server out of the PATH; the newest version wins.
if ! command -v initdb >/dev/null || ! command -v postgres >/dev/null; then
  postgres_bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  if [ -x "$postgres_bin/initdb" ] && [ -x "$postgres_bin/postgres" ]; then
    PATH="$postgres_bin:$PATH"
  fi
fi
export PATH

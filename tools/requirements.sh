#!/usr/bin/env bash
# Makes sure that the tools for `run`, `test` or `make` are here: installs what Debian packages offer when it
# may (root, or sudo without a password), and otherwise says exactly what is missing and how to get it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/env.sh
. tools/env.sh

packages=() # Debian packages to install
advice=()   # what to tell where nothing can be installed

need() { # need WHAT PACKAGES CHECK...: asks for packages (blank-separated) unless the check passes
  local what=$1 wanted=$2
  shift 2
  if "$@" >/dev/null 2>&1; then return; fi
  advice+=("$what")
  # shellcheck disable=SC2206 # package names are split on purpose
  packages+=($wanted)
}

has() { command -v "$1"; }

# NuGet's client needs more of mono than the runtime.
has_mono() { has mono && [ -e /usr/lib/mono/4.5/WindowsBase.dll ]; }

has_postgres() { has initdb && has postgres; }

node_is_new() { has npm && has node && node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)'; }

# Debian 12 offers Node 18, which is too old: only a candidate that is new enough is worth installing.
node_packages() {
  local candidate
  candidate=$(apt-cache policy nodejs 2>/dev/null | awk '/Candidate:/ { print int($2) }' || true)
  if [ "${candidate:-0}" -ge 20 ]; then echo "nodejs npm"; fi
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_install() {
  has apt-get >/dev/null || return 1
  [ "$(id -u)" -eq 0 ] || { has sudo >/dev/null && sudo -n true 2>/dev/null; }
}

collect() {
  packages=()
  advice=()
  if [ "$1" = make ]; then
    need "make" make has make
    return
  fi
  # Rust comes from rustup, which reads rust-toolchain.toml; Debian's is too old.
  need "Rust: install rustup (https://rustup.rs); it fetches the version of rust-toolchain.toml" "" has cargo
  need "a C compiler and linker (Debian: build-essential)" build-essential has cc
  need "git" git has git
  need "Node 20 or newer with npm (https://nodejs.org)" "$(node_packages)" node_is_new
  if [ "$1" = test ]; then
    need "Python 3 (Debian: python3)" python3 has python3
    need "Python's venv (Debian: python3-venv)" python3-venv python3 -c 'import ensurepip, venv'
    need "curl" curl has curl
    need "the PostgreSQL server programs initdb and postgres (Debian: postgresql)" postgresql has_postgres
    need "redis-server, which the tests start (Debian: redis-server)" redis-server has redis-server
    need "docker-registry, which the tests push images to" docker-registry has docker-registry
    need "mono, which the tests run NuGet's client with" "mono-runtime mono-devel libmono-windowsbase4.0-cil" has_mono
    need "chromium, which the dashboard is tested in" chromium has chromium
    need "skopeo, which the tests read images with" skopeo has skopeo
  fi
}

goal=${1:-}
case $goal in
  run | test | make) ;;
  *)
    echo "usage: tools/requirements.sh run|test|make" >&2
    exit 2
    ;;
esac

collect "$goal"
if [ "${#packages[@]}" -gt 0 ] && may_install; then
  echo "requirements: installing ${packages[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
  # The new programs may stand where env.sh looks; and fresh package lists may know more.
  # shellcheck source=tools/env.sh
  . tools/env.sh
  collect "$goal"
fi
if [ "${#advice[@]}" -gt 0 ]; then
  echo "requirements: missing:" >&2
  printf '  - %s\n' "${advice[@]}" >&2
  if [ "${#packages[@]}" -gt 0 ]; then
    echo "On Debian: sudo apt-get install --no-install-recommends ${packages[*]}" >&2
  fi
  exit 1
fi

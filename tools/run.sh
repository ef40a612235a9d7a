#!/usr/bin/env bash
# Builds the server and serves the examples as a demo. Arguments are handed on to `sluice serve`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/env.sh
. tools/env.sh

cargo build --release --locked -p sluice
exec "${CARGO_TARGET_DIR:-target}/release/sluice" serve --demo examples "$@"

#!/usr/bin/env bash
# What is checked before anything runs. `--locked` makes a forgotten Cargo.lock an error here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/env.sh
. tools/env.sh

cargo fmt --all --check
cargo clippy --locked --workspace --all-targets -- -D warnings
cargo run --locked -q -p xtask -- tidy

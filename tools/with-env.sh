#!/usr/bin/env bash
# Runs a command at the root of the checkout with the PATH of env.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/env.sh
. tools/env.sh
exec "$@"

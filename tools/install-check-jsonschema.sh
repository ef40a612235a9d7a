#!/usr/bin/env bash
# Installs check-jsonschema, which carries Microsoft's schema of Azure Pipelines, into target/tools/venv.
# The tests of the pipeline generator look for it there, or in SLUICE_CHECK_JSONSCHEMA.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly version=0.39.0
readonly folder=target/tools/venv
readonly program=$folder/bin/check-jsonschema

if [ -x "$program" ] && "$program" --version 2>/dev/null | grep -qF "$version"; then
  exit 0
fi

rm -rf "$folder"
mkdir -p "$(dirname "$folder")"
if python3 -m venv "$folder" 2>/dev/null; then
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "check-jsonschema==$version"
else
  # Python without venv (Debian splits it off): install beside it and write the starter by hand.
  rm -rf "$folder"
  mkdir -p "$folder/bin"
  python3 -m pip install --quiet --disable-pip-version-check --target "$folder/lib" "check-jsonschema==$version"
  cat >"$program" <<'STARTER'
#!/usr/bin/env bash
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PYTHONPATH=$here/lib exec python3 -m check_jsonschema "$@"
STARTER
  chmod +x "$program"
fi
"$program" --version

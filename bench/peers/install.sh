#!/usr/bin/env bash
# Install the peers into a folder of their own, from their registries: wrk and nginx of Debian,
# packages of npm and PyPI in the versions that are named beside. Some 900 MB, three minutes.
# PYTHON: the interpreter of all servers in Python, ours too; another one than last time starts anew.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
home=${POCHE_BENCH:-$HOME/.cache/poche-bench}
if ! { command -v wrk && command -v nginx && command -v node && command -v npm; } >/dev/null; then
  apt-get install -y -qq --no-install-recommends wrk nginx-light nodejs npm
fi
mkdir -p "$home"/node "$home"/hive
for part in node hive; do
  cmp -s "$here/$part/package.json" "$home/$part/package.json" && [ -d "$home/$part/node_modules" ] && continue
  cp "$here/$part/package.json" "$home/$part/"
  (cd "$home/$part" && npm install --silent --no-audit --no-fund --no-package-lock)
done
cp "$here/hive/mesh.config.ts" "$home/hive/"
(cd "$home/hive" && SDL="$here/schema.graphql" npx mesh-compose -o supergraph.graphql >/dev/null)
version='import sys; print(sys.version)'
python=${PYTHON:-python3}
if [ "$("$home/python/bin/python" -c "$version" 2>/dev/null)" != "$("$python" -c "$version")" ]; then
  "$python" -m venv --clear "$home/python"
fi
for requirements in "$here/../../requirements/run.txt" "$here/python/requirements.txt"; do
  "$home/python/bin/pip" install --quiet -r "$requirements"
done
bash "$here/tailcall/glibc.sh" "$home"

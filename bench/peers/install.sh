#!/usr/bin/env bash
# Install the peers into a folder of their own, from their registries: wrk and nginx of Debian,
# packages of npm and PyPI in the versions that are named beside. Some 700 MB, three minutes.
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
[ -d "$home/python" ] || python3 -m venv "$home/python"
"$home/python/bin/pip" install --quiet -r "$here/python/requirements.txt"
bash "$here/tailcall/glibc.sh" "$home"

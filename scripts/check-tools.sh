#!/bin/sh
# Say in one message everything this machine lacks for building and running.
python=${1:-python3}
missing=""
"$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
  missing="$missing
  - Python 3.11 or newer with venv (Debian: apt install python3 python3-venv); PYTHON=... names another one"
node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null ||
  missing="$missing
  - Node 20 or newer"
npm --version >/dev/null 2>&1 ||
  missing="$missing
  - npm"
[ -z "$missing" ] && exit 0
echo "Please install first:$missing" >&2
exit 1

#!/usr/bin/env bash
# Exchanges files with Python: exchange_test.sh <weights or embeddings> <its tool> <root of the project> <folder to work in>.
# The interpreter is LIGHTLY_PYTHON or that of .venv-peers; PYTHONPATH may name the unpacked source of a version of lightly. Which
# packages it needs says tests/python/<weights or embeddings>.py. Without them: status 77, with the reason.
set -euo pipefail
what=$1
tool=$2
source=$3
work=$4

python=${LIGHTLY_PYTHON:-$source/.venv-peers/bin/python3}
if ! command -v "$python" >/dev/null; then
  printf 'python_%s: Skipped\nno Python with lightly: set LIGHTLY_PYTHON to its interpreter (tried %s)\n' "$what" "$python"
  exit 77
fi
rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
"$python" "$source/tests/python/$what.py" "$tool" "$work"

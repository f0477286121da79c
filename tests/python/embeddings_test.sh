#!/usr/bin/env bash
# Exchanges embeddings with Python: embeddings_test.sh <lightly_embeddings_tool> <root of the project> <folder to work in>.
# The interpreter is LIGHTLY_PYTHON or that of .venv-peers and needs torch, torchvision, safetensors and lightly of any version
# (PYTHONPATH may name its unpacked source). Without them: status 77, with the reason.
set -euo pipefail
tool=$1
source=$2
work=$3

python=${LIGHTLY_PYTHON:-$source/.venv-peers/bin/python3}
if ! command -v "$python" >/dev/null; then
  printf 'python_embeddings: Skipped\nno Python with lightly and numpy: set LIGHTLY_PYTHON to its interpreter (tried %s)\n' "$python"
  exit 77
fi
rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
"$python" "$source/tests/python/embeddings.py" "$tool" "$work"

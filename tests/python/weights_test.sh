#!/usr/bin/env bash
# Exchanges weights with Python: weights_test.sh <lightly_weights_tool> <root of the project> <folder to work in>.
# The interpreter is LIGHTLY_PYTHON or that of .venv-peers and needs torch, torchvision, timm, safetensors and lightly of a version
# that has lightly.models.simclr (1.5; PYTHONPATH may name its unpacked source). Without them: status 77, with the reason.
set -euo pipefail
tool=$1
source=$2
work=$3

python=${LIGHTLY_PYTHON:-$source/.venv-peers/bin/python3}
if ! command -v "$python" >/dev/null; then
  printf 'python_weights: Skipped\nno Python with lightly, torchvision and timm: set LIGHTLY_PYTHON to its interpreter (tried %s)\n' "$python"
  exit 77
fi
rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
"$python" "$source/tests/python/weights.py" "$tool" "$work"

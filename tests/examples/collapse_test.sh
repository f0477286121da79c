#!/usr/bin/env bash
# Runs a training example on images that are all black, whose outputs can only be the same: it says so; on real images it does not.
# collapse_test.sh EXAMPLE IMAGES WORK
set -euo pipefail
example=$1
images=$2
work=$3
rm -rf "$work"
mkdir -p "$work/black"

source "$(dirname "$0")/common.sh"
for file in "$images"/*ubyte.gz; do
  cp "$file" "$work/black/"
done
for file in "$work"/black/*images*.gz; do
  gunzip "$file"
  { head -c 16 "${file%.gz}"; tail -c +17 "${file%.gz}" | tr '\000-\377' '\000'; } | gzip >"$file"
  rm "${file%.gz}"
done
options=(--epochs 1 --batch-size 64 --width 0.125 --precision fp32)
"$example" --data "$work/black" --output "$work/collapsed" "${options[@]}" >"$work/collapsed.out" 2>&1
grep -q "^warning: the outputs are collapsing" "$work/collapsed.out" || fail "no warning: $(cat "$work/collapsed.out")"
"$example" --data "$images" --output "$work/spread" "${options[@]}" >"$work/spread.out" 2>&1
if grep -q "collapsing" "$work/spread.out"; then fail "a warning without a collapse: $(cat "$work/spread.out")"; fi
spread() { grep -o '"output_std":[0-9.e-]*' "$work/$1/metrics.jsonl" | tail -n 1 | cut -d: -f2; }
awk -v none="$(spread collapsed)" -v some="$(spread spread)" 'BEGIN { exit !(none < 0.01 && some > 0.03) }' ||
  fail "output_std $(spread collapsed) of black images, $(spread spread) of real ones"
echo "$(basename "$example"): all checks passed"

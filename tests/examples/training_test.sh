#!/usr/bin/env bash
# Runs a training example on 512 real images: what it writes, that a killed run resumes bit for bit in float32, and that the seed
# and not the number of workers decides the result. training_test.sh EXAMPLE IMAGES WORK [FLAG...]
set -euo pipefail
example=$1
images=$2
work=$3
rm -rf "$work"
mkdir -p "$work"

source "$(dirname "$0")/common.sh"
options=(--data "$images" --epochs 3 --batch-size 64 --precision fp32 "${@:4}")
train() { "$example" "${options[@]}" --output "$work/$1" "${@:2}"; }  # output folder, then more options

train whole --workers 2 | tee "$work/whole.out"
for file in checkpoint.safetensors backbone.safetensors metrics.jsonl views.png neighbours.png; do
  [ -s "$work/whole/$file" ] || fail "$file is missing or empty"
done
[ "$(grep -c '"output_std"' "$work/whole/metrics.jsonl")" -eq 24 ] || fail "output_std must be in every step's line"
tail -n 1 "$work/whole.out" | grep -Eq '^kNN top-1 [0-9.]+ % -> [0-9.]+ %, with 10 labels' || fail "no summary in the last line"
[ "$(grep -c '"loss"' "$work/whole/metrics.jsonl")" -eq 24 ] || fail "3 epochs of 8 steps must give 24 lines"

train workers0 --workers 0 >/dev/null
same whole workers0

# SIGKILL in the middle of the second epoch.
"$example" "${options[@]}" --output "$work/killed" >/dev/null 2>&1 &
pid=$!
wait_for_lines killed $pid 12
kill -KILL $pid
wait $pid 2>/dev/null || status=$?
train killed --resume >/dev/null
same whole killed
[ "$(grep -c '"loss"' "$work/killed/metrics.jsonl")" -eq 24 ] || fail "the metrics of the killed run have gaps"

refused_by "$example" "is of another run" "$work/refused.out" "${options[@]}" --lr 0.5 --output "$work/whole" --resume
echo "$(basename "$example"): all checks passed"

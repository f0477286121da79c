#!/usr/bin/env bash
# Runs the example on 512 real images: what it writes, that an interrupted and a killed run resume bit for bit in float32, that
# the seed and not the number of workers decides the result, and that a loss of NaN, a full disk and bad input end with a reason.
set -euo pipefail
example=$1
images=$2
work=$3
rm -rf "$work"
mkdir -p "$work"

source "$(dirname "$0")/common.sh"
options=(--data "$images" --epochs 5 --batch-size 64 --width 0.125 --precision fp32)
train() {  # output folder, then more options
  "$example" "${options[@]}" --output "$work/$1" "${@:2}"
}
refused() {  # text that the error must hold, then options
  refused_by "$example" "$1" "$work/refused.out" "${@:2}"
}

train whole --workers 2 | tee "$work/whole.out"
for file in checkpoint.safetensors backbone.safetensors metrics.jsonl views.png neighbours.png; do
  [ -s "$work/whole/$file" ] || fail "$file is missing or empty"
done
tail -n 1 "$work/whole.out" | grep -Eq '^kNN top-1 [0-9.]+ % -> [0-9.]+ %, with 10 labels' || fail "no summary in the last line"
[ "$(grep -c '"loss"' "$work/whole/metrics.jsonl")" -eq 40 ] || fail "5 epochs of 8 steps must give 40 lines"

train workers0 --workers 0 >/dev/null
same whole workers0
train other_seed --workers 2 --seed 2 >/dev/null
cmp -s "$work/whole/backbone.safetensors" "$work/other_seed/backbone.safetensors" && fail "the seed changes nothing"

# SIGTERM, handled as Ctrl-C is (which a shell's background jobs ignore), finishes the step, saves, and says how to go on.
"$example" "${options[@]}" --output "$work/interrupted" >"$work/interrupted.out" 2>&1 &
pid=$!
wait_for_lines interrupted $pid 11
kill -TERM $pid
status=0
wait $pid || status=$?
[ "$status" -eq 143 ] || fail "SIGTERM gave status $status"
grep -q -- '--resume' "$work/interrupted.out" || fail "SIGTERM does not say how to resume"
train interrupted --resume >/dev/null
same whole interrupted
[ "$(grep -c '"loss"' "$work/interrupted/metrics.jsonl")" -eq 40 ] || fail "the metrics of the resumed run have gaps"

# SIGKILL in the middle of the second epoch.
"$example" "${options[@]}" --output "$work/killed" >/dev/null 2>&1 &
pid=$!
wait_for_lines killed $pid 12
kill -KILL $pid
wait $pid 2>/dev/null || status=$?
train killed --resume >/dev/null
same whole killed
leftovers=$(find "$work" -name '*.tmp')
[ -z "$leftovers" ] || fail "temporary files are left: $leftovers"
[ "$(grep -c '"loss"' "$work/killed/metrics.jsonl")" -eq 40 ] || fail "the metrics of the killed run have gaps"

# A step whose loss is not finite ends the run, and what was saved before stays.
cp -r "$work/whole" "$work/nan"
refused "got NaN in epoch 0, step" "${options[@]}" --lr 1e30 --output "$work/nan"
same whole nan
# A finished run that is resumed only evaluates again.
cp -r "$work/whole" "$work/again"
train again --resume >/dev/null
cmp "$work/whole/metrics.jsonl" "$work/again/metrics.jsonl" || fail "resuming a finished run changes its metrics"

# A limit on the size of a file stands for a full disk: the old checkpoint stays.
cp -r "$work/whole" "$work/full"
(trap '' XFSZ && ulimit -f 300 && refused "checkpoint.safetensors: File too large" "${options[@]}" --seed 3 --output "$work/full")
same whole full

refused "no such file or folder: $work/nowhere" --data "$work/nowhere" --output "$work/x"
refused "is of another run" --data "$images" --epochs 5 --batch-size 32 --width 0.125 --output "$work/whole" --resume
refused "512" --data "$images" --batch-size 513 --output "$work/x"
refused "checkpoint.safetensors" --data "$images" --batch-size 64 --output "$work/empty" --resume
refused "$work/whole.out" --data "$images" --batch-size 64 --output "$work/whole.out/x"
refused "Illegal name" --data "$work/nowhere" --backbone resnet-7 --output "$work/x"
refused "must be auto, fp32 or bf16" --data "$work/nowhere" --precision fp16 --output "$work/x"
head -c 1000 "$images/train-images-idx3-ubyte.gz" >"$work/train-images-idx3-ubyte.gz"
cp "$images"/train-labels* "$images"/t10k* "$work"
refused "train-images-idx3-ubyte.gz" --data "$work" --output "$work/x"
echo "simclr_cifar10: all checks passed"

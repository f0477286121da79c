#!/usr/bin/env bash
# Trains from four small videos: what it writes and says, that a killed run resumes bit for bit in float32, also with pairs of
# nearby frames, that the number of workers changes nothing, and that bad input ends with a reason.
# simclr_video_test.sh EXAMPLE CLIPS WORK
set -euo pipefail
example=$1
clips=$2
work=$3
rm -rf "$work"
mkdir -p "$work/videos/park" "$work/one" "$work/text" "$work/empty"

source "$(dirname "$0")/common.sh"
# 12, 10, 30 and 25 frames, of other sizes and codecs.
cp "$clips/test_non_zero_start.mp4" "$work/videos/park/a.mp4"
cp "$clips/h265_video.mp4" "$work/videos/b.mov"
cp "$clips/h264_10bits.mp4" "$work/videos/c.mp4"
cp "$clips/discard_first_keyframe.mp4" "$work/videos/d.mp4"
still=(--epochs 2 --batch-size 8 --width 0.125 --size 16 --precision fp32)
options=("${still[@]}" --pair-max-frames 3 --resize 40)
train() { "$example" "$work/videos" "${options[@]}" --output "$work/$1" "${@:2}"; }  # output folder, then more options

train whole --workers 2 --index "$work/index" | tee "$work/whole.out"
for file in checkpoint.safetensors backbone.safetensors metrics.jsonl views.png neighbours.png; do
  [ -s "$work/whole/$file" ] || fail "$file is missing or empty"
done
grep -q "^data: 77 frames of 4 videos in $work/videos$" "$work/whole.out" || fail "does not say what it found"
grep -q "^training: 77 frames of 4 videos, views of 16 px up to 3 frames apart of frames resized to 40 px, resnet-9" "$work/whole.out" || fail "does not say what it trains"
grep -Eq "^decoding: [0-9]+ frames used, [0-9]+ decoded, [0-9.]+ used per frame decoded$" "$work/whole.out" || fail "does not say what it decoded"
grep -q "of which of 4 videos a frame is" "$work/whole.out" || fail "does not say what kNN tells"
tail -n 1 "$work/whole.out" | grep -Eq '^kNN top-1 [0-9.]+ % -> [0-9.]+ %, with 6 labels a class' || fail "no summary in the last line"
[ "$(grep -c '"loss"' "$work/whole/metrics.jsonl")" -eq 18 ] || fail "2 epochs of 9 steps must give 18 lines"
[ "$(find "$work/index" -type f | wc -l)" -eq 4 ] || fail "the indices are not kept"

for workers in 0 1; do
  "$example" --data "$work/videos" "${options[@]}" --output "$work/workers$workers" --workers $workers >/dev/null
  same whole workers$workers
done
"$example" "$work/videos" "${still[@]}" --output "$work/still" >/dev/null
cmp -s "$work/whole/backbone.safetensors" "$work/still/backbone.safetensors" && fail "pairs change nothing"

# SIGKILL in the middle of the second epoch.
"$example" "$work/videos" "${options[@]}" --output "$work/killed" >/dev/null 2>&1 &
pid=$!
wait_for_lines killed $pid 12
kill -KILL $pid
wait $pid 2>/dev/null || true
train killed --resume >/dev/null
same whole killed
[ "$(grep -c '"loss"' "$work/killed/metrics.jsonl")" -eq 18 ] || fail "the metrics of the killed run have gaps"

# One video alone trains, but there is nothing to tell it from.
cp "$clips/h265_video.mp4" "$work/one/"
"$example" "$work/one" --epochs 1 --batch-size 5 --width 0.125 --size 16 --output "$work/alone" >"$work/alone.out"
grep -q "^no kNN: " "$work/alone.out" || fail "kNN of one video: $(cat "$work/alone.out")"
[ -s "$work/alone/backbone.safetensors" ] || fail "no backbone from one video"

refused() {  # text that the error must hold, folder, then options
  refused_by "$example" "$1" "$work/refused.out" "${@:2}" --output "$work/none"
}
refused "too few frames for a batch: $work/one has 10, --batch-size is 11" "$work/one" --batch-size 11
refused "$work/nowhere" "$work/nowhere"
refused "$work/empty" "$work/empty"
echo "not a video" >"$work/text/text.mp4"
refused "text.mp4" "$work/text"
refused "data is required" --epochs 1
refused "--size" "$work/videos" --size 0
[ ! -e "$work/none" ] || fail "a refused call left a folder"
refused_by "$example" "is of another run" "$work/refused.out" "$work/videos" "${still[@]}" --output "$work/whole" --resume
echo "simclr_video: all checks passed"

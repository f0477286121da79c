#!/usr/bin/env bash
# Makes contact sheets of small videos: which frames are on them, their shape, turned where the file asks, what is said of the
# file, and that bad input ends with a reason. show_video_test.sh EXAMPLE CLIPS WORK
set -euo pipefail
example=$1
clips=$2
work=$3
rm -rf "$work"
mkdir -p "$work"
source "$(dirname "$0")/common.sh"

show() {  # clip, output, then options
  "$example" "$clips/$1" --out "$work/$2" "${@:3}" >"$work/out" 2>"$work/err" || fail "$*: $(cat "$work/out" "$work/err")"
}
says() { grep -qF -- "$1" "$work/out" || fail "no '$1' in: $(cat "$work/out")"; }
# Width and height from a PNG's header.
size_of() { od -An -tu1 -j16 -N8 "$work/$1" | awk '{ print (($1 * 256 + $2) * 256 + $3) * 256 + $4, (($5 * 256 + $6) * 256 + $7) * 256 + $8 }'; }
# The sheet has margins of 16, 10 between cells, and 19 more under each row for the captions.
check_size() {  # file, columns, rows, width and height of a frame
  local expected="$((32 + $2 * ($4 + 10) - 10)) $((32 + $3 * ($5 + 19 + 10) - 10))"
  [ "$(size_of "$1")" = "$expected" ] || fail "$1 is $(size_of "$1"), expected $expected"
}

# 200x112, 12 frames, 30 a second.
show test_non_zero_start.mp4 all.png --index "$work/index"
says "test_non_zero_start.mp4: 12 frames of 200x112, 30"
says "key frames: 1"
says "wrote 12 frames to $work/all.png"
check_size all.png 6 2 160 89
[ "$(find "$work/index" -type f | wc -l)" -eq 1 ] || fail "the index is not kept"
show test_non_zero_start.mp4 every1.png --every 1
cmp "$work/all.png" "$work/every1.png" || fail "more frames than there are give another sheet than each"
show test_non_zero_start.mp4 three.png --frames 3
show test_non_zero_start.mp4 numbers.png --indices 11,0,5
cmp "$work/three.png" "$work/numbers.png" || fail "three frames are not the first, the middle and the last one"
check_size three.png 3 1 160 89
show test_non_zero_start.mp4 fps.png --fps 10
show test_non_zero_start.mp4 every3.png --every 3
cmp "$work/fps.png" "$work/every3.png" || fail "10 frames a second are not every third of 30"
show test_non_zero_start.mp4 columns.png --columns 5 --size 40
check_size columns.png 5 3 40 22
show test_non_zero_start.mp4 one.png --frames 1
check_size one.png 1 1 160 89

# Turned by a quarter: 480x270 stands upright.
show nasa_13013_rotated.mp4 turned.png --frames 2
says "frames of 480x270 turned by"
check_size turned.png 2 1 90 160
# Never larger than the video.
show h265_video.mp4 small.png --frames 2 --size 1000
check_size small.png 2 1 128 128

refused() { refused_by "$example" "$1" "$work/refused.out" "${@:2}" --out "$work/none.png"; }
refused "nowhere.mp4" "$work/nowhere.mp4"
echo "not a video" >"$work/text.mp4"
refused "text.mp4" "$work/text.mp4"
refused "12" "$clips/test_non_zero_start.mp4" --indices 3,12
refused "--fps" "$clips/test_non_zero_start.mp4" --every 2 --fps 1
refused "at most 1000 frames" "$clips/test_non_zero_start.mp4" --indices "$(seq -s, 0 1000)"
refused "video is required" --frames 3
refused_by "$example" "$work/no/x.png" "$work/refused.out" "$clips/h265_video.mp4" --out "$work/no/x.png"
[ ! -e "$work/none.png" ] || fail "a refused call left a picture"
echo "show_video: all checks passed"

#!/usr/bin/env bash
# Extracts frames of two small videos: by a list of names, by number and by time, again where it stopped, and what is not there.
# extract_frames_test.sh EXAMPLE CLIPS WORK
set -euo pipefail
example=$1
clips=$2
work=$3
rm -rf "$work"
mkdir -p "$work/videos/park"
cp "$clips/test_non_zero_start.mp4" "$work/videos/park/a.b.mp4"
cp "$clips/h265_video.mp4" "$work/videos/hall.mov"

source "$(dirname "$0")/common.sh"

extract() {  # output, then options
  "$example" "$work/videos" --out "$work/$1" "${@:2}" >"$work/out" 2>"$work/err" || fail "$*: $(cat "$work/out" "$work/err")"
}
count() { find "$work/$1" -type f | wc -l; }

# The list as it comes from elsewhere: Windows' line ends, an empty line, a name without its stem.
printf 'park/a.b-11-mp4.png\r\n\r\n03-mp4.png\nhall-09-mov.png\n' >"$work/names.txt"
extract list --names "$work/names.txt" --index "$work/index"
grep -q "wrote 3 frames to $work/list, 0 were there" "$work/out" || fail "no summary: $(cat "$work/out")"
for name in park/a.b-11-mp4.png 03-mp4.png hall-09-mov.png; do
  [ "$(head -c 4 "$work/list/$name" | tail -c 3)" = PNG ] || fail "$name is no PNG"
done
[ "$(count list)" -eq 3 ] || fail "$(count list) files, expected 3"
[ "$(count index)" -eq 2 ] || fail "$(count index) indices, expected 2"

# Cut off, then on: what is there stays.
rm "$work/list/03-mp4.png"
touch -d 2020-01-01 "$work/list/hall-09-mov.png"
extract list --names "$work/names.txt" --index "$work/index"
grep -q "wrote 1 frames to $work/list, 2 were there" "$work/out" || fail "did not go on: $(cat "$work/out")"
[ "$(date -r "$work/list/hall-09-mov.png" +%Y)" -eq 2020 ] || fail "a file that was there is new"

# The same files for any number of threads, and by number as by name.
extract every1 --every 1 --workers 1
extract every4 --every 1 --workers 4
diff -r "$work/every1" "$work/every4" || fail "the number of workers changes a file"
[ "$(count every1)" -eq 22 ] || fail "$(count every1) frames, expected 22"
cmp "$work/list/03-mp4.png" "$work/every1/park/a.b-03-mp4.png" || fail "a name gives another frame than its number"
extract fps --fps 5
[ "$(count fps)" -eq 7 ] || fail "$(count fps) frames at 5 a second, expected 7"
extract jpg --indices 0,9 --format jpg --quality 90 --resize 32
[ "$(count jpg)" -eq 4 ] && [ -e "$work/jpg/hall-09-mov.jpg" ] || fail "wrong JPEG files: $(ls -R "$work/jpg")"

# What is not there is said at the end; the others are written.
printf '../park/a.b-03-mp4.png\n/etc/passwd\npark/a.b-12-mp4.png\npark/a.b-3-mp4.png\npark/a.b-03-mp4.png\n' >"$work/unknown.txt"
refused_by "$example" "park/a.b-12-mp4.png: park/a.b.mp4 has frames 0 to 11" "$work/refused.out" "$work/videos" --out "$work/some" --names "$work/unknown.txt"
for text in "../park/a.b-03-mp4.png: no video" "/etc/passwd: no video" "name is park/a.b-03-mp4.png" "wrote 1 frames"; do
  grep -qF -- "$text" "$work/refused.out" || fail "no '$text' in: $(cat "$work/refused.out")"
done
[ "$(count some)" -eq 1 ] || fail "$(count some) files, expected 1"
refused_by "$example" "does not exist" "$work/refused.out" "$work/nowhere" --every 2
refused_by "$example" "cannot open $work/none.txt" "$work/refused.out" "$work/videos" --names "$work/none.txt"
refused_by "$example" "hall.mov, frame 10: it has frames 0 to 9" "$work/refused.out" "$work/videos" --out "$work/ten" --indices 10
refused_by "$example" "is required" "$work/refused.out" "$work/videos" --out "$work/none"
echo "not a video" >"$work/videos/text.mp4"
refused_by "$example" "text.mp4" "$work/refused.out" "$work/videos" --every 2 --out "$work/none"
[ ! -e "$work/none" ] || fail "a refused call wrote something"
echo "extract_frames: all checks passed"

#!/usr/bin/env bash
# Makes the picture of every method from two photographs: its size, that the seed alone decides what it shows, and that bad
# input ends with a reason.
set -euo pipefail
example=$1
images=$2
work=$3
rm -rf "$work"
mkdir -p "$work"
source "$(dirname "$0")/common.sh"

show() {  # output, then options
  "$example" "$images/cat.jpg" "$images/coffee.jpg" --out "$work/$1" "${@:2}" >"$work/out" || fail "$*: $(cat "$work/out")"
}
refused() {  # text that the error must hold, then options
  refused_by "$example" "$1" "$work/refused.out" "${@:2}"
}
# Width and height from a PNG's header.
size_of() { od -An -tu1 -j16 -N8 "$work/$1" | awk '{ print (($1 * 256 + $2) * 256 + $3) * 256 + $4, (($5 * 256 + $6) * 256 + $7) * 256 + $8 }'; }
# The sheet has margins of 16, 22 for the titles, 32 between image and views, 10 between others.
check_size() {  # file, views, side
  local expected="$((16 + $3 + 32 + $2 * ($3 + 10) - 10 + 16)) $((16 + 22 + 2 * $3 + 10 + 16))"
  [ "$(size_of "$1")" = "$expected" ] || fail "$1 is $(size_of "$1"), expected $expected"
}

for method in simclr:2 moco-v1:2 moco:2 simsiam:2 vicreg:2 byol:2 fastsiam:4 swav:8 dino:8 \
  crop:1 flip:1 rotation:1 blur:1 jitter:1 grayscale:1 solarization:1; do
  name=${method%:*}
  show "$name.png" --method "$name" --size 64
  check_size "$name.png" "${method#*:}" 64
done
for other in moco-v1 byol swav dino crop solarization; do
  cmp -s "$work/simclr.png" "$work/$other.png" && fail "simclr and $other look the same"
done

show many.png --views 5 --size 64
check_size many.png 5 64
show again.png --views 5 --size 64
cmp "$work/many.png" "$work/again.png" || fail "the same seed gives another picture"
show seed2.png --views 5 --size 64 --seed 2
cmp -s "$work/many.png" "$work/seed2.png" && fail "the seed changes nothing"

refused "images" --method simclr
refused "nowhere.jpg" "$images/nowhere.jpg" --out "$work/x.png"
refused "README.md" "$images/README.md" --out "$work/x.png"
refused "simclr9" "$images/cat.jpg" --method simclr9
refused "--size" "$images/cat.jpg" --size 0
refused "--views" "$images/cat.jpg" --views -1
refused "$work/no/x.png" "$images/cat.jpg" --out "$work/no/x.png"
[ ! -e "$work/x.png" ] || fail "a refused call left a picture"
echo "show_views: all checks passed"

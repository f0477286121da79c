#!/usr/bin/env bash
# Embeds real photographs with a backbone trained for one epoch: names, labels and numbers in the file, that the workers do not
# matter, and that bad input ends with a reason of one line. embed_folder_test.sh EXAMPLE TRAINER TRAINING_IMAGES IMAGES WORK
set -euo pipefail
example=$1
trainer=$2
images=$4
work=$5
rm -rf "$work"
mkdir -p "$work/classes/cats/tabby" "$work/classes/drinks" "$work/flat" "$work/broken"

source "$(dirname "$0")/common.sh"

"$trainer" --data "$3" --epochs 1 --width 0.125 --precision fp32 --output "$work/trained" >/dev/null
weights=$work/trained/backbone.safetensors
cp "$images/cat.jpg" "$work/classes/cats/tabby/1, sitting.jpg"
cp "$images/cat.jpg" "$work/classes/cats/2.jpg"
cp "$images/coffee.jpg" "$work/classes/drinks/1.jpg"
cp "$images/coffee.jpg" "$work/flat/"
cp "$images/dino.jpg" "$work/flat/"  # of another shape
cp "$images/README.md" "$work/broken/no_image.jpg"

network=(--backbone resnet-9 --width 0.125)
options=("${network[@]}" --size 64 --precision fp32)
embed() {  # folder, output, then options
  "$example" --input "$work/$1" --weights "$weights" "${options[@]}" --output "$work/$2" "${@:3}" >"$work/out" || fail "$*: $(cat "$work/out")"
}
refused() {  # text that the error must hold, folder, weights, then options
  refused_by "$example" "$1" "$work/refused.out" --input "$2" --weights "$3" --size 64 "${@:4}"
  [ "$(wc -l <"$work/refused.out")" -eq 1 ] || fail "${*:2} gave more than one line: $(cat "$work/refused.out")"
}

embed classes classes.csv --workers 0
cut -d, -f1,2,65,66 <(head -n 1 "$work/classes.csv") | grep -qx $'filenames,embedding_0,embedding_63,labels\r' || fail "wrong header: $(head -n 1 "$work/classes.csv")"
[ "$(wc -l <"$work/classes.csv")" -eq 4 ] || fail "$(wc -l <"$work/classes.csv") lines, expected 4"
# The order and the labels are the data set's; a name with a comma is quoted.
tail -n +2 "$work/classes.csv" | tr -d '\r' | sed -E 's/.*,([0-9]+)$/\1/' | tr '\n' ' ' | grep -qx '0 0 1 ' || fail "wrong labels"
for name in cats/2.jpg '"cats/tabby/1, sitting.jpg"' drinks/1.jpg; do
  grep -qF -- "$name," "$work/classes.csv" || fail "no row of $name"
done
grep -q "3 images, 64 numbers each" "$work/out" || fail "no summary: $(cat "$work/out")"

embed classes workers2.csv --workers 2
cmp "$work/classes.csv" "$work/workers2.csv" || fail "the number of workers changes the file"
embed classes one_by_one.csv --batch-size 1
[ "$(wc -l <"$work/one_by_one.csv")" -eq 4 ] || fail "batches of 1 give another number of rows"
embed flat flat.csv --resize 64
tail -n +2 "$work/flat.csv" | tr -d '\r' | sed -E 's/,.*,/ /' | tr '\n' ' ' | grep -qx 'coffee.jpg 0 dino.jpg 0 ' || fail "wrong rows of a flat folder"

cd "$work"  # where a refused call could leave embeddings.csv
refused "nowhere" "$work/nowhere" "$weights" "${network[@]}"
refused "no_image.jpg" "$work/broken" "$weights" "${network[@]}"
refused "none.safetensors" "$work/flat" "$work/none.safetensors" "${network[@]}"
refused "README.md" "$work/flat" "$images/README.md" "${network[@]}"
refused "names and shapes must match" "$work/flat" "$weights" --backbone resnet-9 --width 0.25
refused "resnet-8" "$work/flat" "$weights" --backbone resnet-8
refused "precision" "$work/flat" "$weights" "${network[@]}" --precision fp64
refused "$work/no/x.csv" "$work/flat" "$weights" "${network[@]}" --output "$work/no/x.csv"
[ ! -e embeddings.csv ] && [ ! -e embeddings.csv.tmp ] || fail "a refused call left a file"
echo "embed_folder: all checks passed"

#!/usr/bin/env bash
# No command writes over a file that it reads, nor two results to one file: told before the work.
set -eu
. "$(dirname "$0")/lib.sh"

awk 'BEGIN { print "x,y"; for (r = 0; r < 40; r++) print r * 7 % 40 "," (r % 2 ? "a" : "b") }' >d.csv
cp d.csv kept.csv
ln d.csv hard.csv
ln -s d.csv soft.csv
mkdir sub
ln -s ../d.csv sub/other.csv
train=(train d.csv --target y --epochs 1 --batch-size 32)

# untouched TEXT ARGUMENT...: refused with TEXT, and d.csv is what it was.
untouched() {
    fails_with 2 "$@"
    check 'the data is as it was' cmp d.csv kept.csv
    check 'it is the same file' [ d.csv -ef hard.csv ]
}

lost='is read as data and would be lost; choose another file'
for path in d.csv ./d.csv "$PWD/d.csv" hard.csv soft.csv sub/other.csv sub/../d.csv; do
    untouched "--output: $path $lost" "${train[@]}" -o "$path"
done
untouched "--checkpoint: d.csv $lost" "${train[@]}" -o m --checkpoint d.csv
untouched "--checkpoint: hard.csv $lost" "${train[@]}" -o m --checkpoint hard.csv --resume
untouched "--history: d.csv $lost" "${train[@]}" -o m --history d.csv
untouched "--curve: soft.csv $lost" "${train[@]}" -o m --curve soft.csv
untouched "--output: d.csv $lost" "${train[@]}" --folds 2 -o d.csv
untouched "--output: d.csv $lost" train soft.csv --target y -o d.csv
untouched "--csv: d.csv $lost" search d.csv 'hidden=2|3' --target y --epochs 1 --csv d.csv
untouched "--svg: soft.csv $lost" data show d.csv --target y --svg soft.csv
check 'no model' [ ! -e m ]

# Standard input is a file too, where it is one.
code=0
# shellcheck disable=SC2094 # that is what must be refused
"$SCRATCHML" train - --target y -o d.csv <d.csv >out 2>err || code=$?
expect_code 2
expect_err "--output: d.csv $lost"
check 'the data is as it was' cmp d.csv kept.csv

# The model that is shown.
run "${train[@]}" -o m
expect_code 0
cp m m.kept
fails_with 2 "--svg: m is the model's file" data show d.csv --model m --svg m
check 'the model is as it was' cmp m m.kept
# The model that is explained, its data, the targets beside them, and the checkpoint.
cp m m.safetensors
ln m.safetensors hard.safetensors
ln -s m.safetensors soft.safetensors
run "${train[@]}" -o other --checkpoint c.ckpt
expect_code 0
cp c.ckpt c.kept
for command in explain mistakes; do
    for path in m.safetensors ./m.safetensors hard.safetensors soft.safetensors; do
        fails_with 2 "--html: $path is the model's file; choose another$" \
            "$command" m.safetensors d.csv --html "$path"
    done
    fails_with 2 "--html: m.safetensors is the model's file" \
        "$command" soft.safetensors d.csv --html m.safetensors
    for path in d.csv hard.csv soft.csv sub/other.csv; do
        untouched "--html: $path $lost" "$command" m.safetensors d.csv --html "$path"
    done
done
fails_with 2 "--html: c.ckpt is the model's file" explain c.ckpt d.csv --html c.ckpt
ln c.ckpt hard.ckpt
for path in c.ckpt hard.ckpt; do
    fails_with 2 "--html: $path is the checkpoint's file; choose another$" \
        explain m.safetensors d.csv --update --checkpoint c.ckpt --html "$path"
done
check 'the model is as it was' cmp m m.safetensors
check 'the checkpoint is as it was' cmp c.ckpt c.kept
# shellcheck disable=SC2094 # that is what must be refused
for command in explain mistakes; do
    code=0
    "$SCRATCHML" "$command" m.safetensors - --html d.csv <d.csv >out 2>err || code=$?
    expect_code 2
    expect_err "--html: d.csv $lost"
    check 'the data is as it was' cmp d.csv kept.csv
done
run explain m.safetensors d.csv --html report.html
expect_code 0
run mistakes m.safetensors d.csv --html report.html
expect_code 0

# It may be trained on, over itself, and its own results are replaced.
run "${train[@]}" --from m -o m --history h.csv
expect_code 0
run "${train[@]}" --from m -o m --history h.csv
expect_code 0

# Files that are not there yet: one name twice, also through a folder or a link.
fails_with 2 "--history: ./new.csv is the model's file" "${train[@]}" -o new.csv --history ./new.csv
ln -s new.csv to_new.csv
fails_with 2 "--history: to_new.csv is the model's file" "${train[@]}" -o new.csv --history to_new.csv
fails_with 2 '--checkpoint and --history name the same file' "${train[@]}" -o m2 --history to_new.csv \
    --checkpoint "$PWD/new.csv"
fails_with 2 '--journal and --csv name the same file' search d.csv 'hidden=2|3' --target y \
    --journal j --csv j/results.jsonl
run "${train[@]}" -o new.csv --history other.csv
expect_code 0

# A folder of data, and the targets beside an array.
mkdir -p pictures/a pictures/b
printf 'P' >pictures/a/1.png
fails_with 2 "--output: pictures/a/1.png $lost" train pictures -o pictures/a/1.png
: >x-labels.npy
fails_with 2 "--output: x-labels.npy $lost" train x.npy --target x-labels.npy -o x-labels.npy \
    --epochs 1

finish

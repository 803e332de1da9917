#!/usr/bin/env bash
# Categories that no row trained on has: where a training judges the rows that it keeps apart, they
# are zeros and are told; a model refuses them afterwards, with the line of the file.
set -eu
. "$(dirname "$0")/lib.sh"

# 300 rows; 'rare' stands in one of them, row 150, which is line 154: behind the header, a field
# that goes on for two lines (row 10) and a blank line (behind row 20).
awk 'BEGIN {
    print "x,note,c,y"
    for (r = 0; r < 300; r++) {
        note = r == 10 ? "\"two\nlines\"" : (r % 2 ? "even" : "odd")
        c = r == 150 ? "rare" : substr("abc", r % 3 + 1, 1)
        y = (r * 37 % 101 > 50) ? "yes" : "no"
        printf "%.3f,%s,%s,%s\n", r * 37 % 101 / 101, note, c, y
        if (r == 20) print ""
    }
}' >rare.csv
check 'the file is as it should be' [ "$(grep -n rare rare.csv | cut -d: -f1)" = 154 ]
quick=(--drop note --target y --epochs 2 --batch-size 32 --progress never -o m.safetensors)
told="1 %s row has a category that no row trained on has \('rare' in column 'c'\): it counts as zeros"

# A test row has it for one seed of five, about; whatever the seed, there is a score.
with=0
for seed in 1 2 3 4 5 6 7 8 9 10 11 12; do
    run train rare.csv "${quick[@]}" --seed "$seed"
    expect_code 0
    expect_out '^test accuracy'
    # shellcheck disable=SC2059
    if grep -qE "$(printf "$told" test)" err; then
        with=$seed
    fi
done
check 'some seed keeps the row for the test' [ "$with" -gt 0 ]
run train rare.csv "${quick[@]}" --seed "$with" --json
expect_json '.test.unknown_rows == 1 and .test.samples == 60'
# Zeros are what --unknown zeros gives, so the scores are those.
score=$(jq -c .test.accuracy out)
run train rare.csv "${quick[@]}" --seed "$with" --json --unknown zeros
expect_json ".test.accuracy == $score"
check 'nothing to tell where the model takes them anyway' bash -c '! grep -q "trained on" err'

# The model refuses the row, by its line and its number in the file.
run train rare.csv "${quick[@]}" --seed "$with"
fails_with 1 "^scratchml evaluate: rare.csv:154: row 150 \(counted from 0\), column 'c': unknown category 'rare'" \
    evaluate m.safetensors rare.csv --split test
fails_with 1 "rare.csv:154: row 150 " evaluate m.safetensors rare.csv --split all
fails_with 1 "rare.csv:154: row 150 " predict m.safetensors rare.csv --sample 150
fails_with 1 "rare.csv:154: row 150 " predict m.safetensors rare.csv --sample 150 --memory 1K
run predict m.safetensors rare.csv --sample 149
expect_code 0
printf 'x,c\n1,a\n2,rare\n' >two.csv
fails_with 1 "^scratchml predict: two.csv:3: row 1 " predict m.safetensors two.csv --sample 1

# Two options let it through, for a score or for predictions.
run evaluate m.safetensors rare.csv --split test --unknown zeros --json
expect_json ".accuracy == $score and .samples == 60"
expect_err '1 row has a category that the model does not know'
run predict m.safetensors rare.csv --sample 150 --unknown zeros
expect_code 0

# Folds, repeated seeds, a search, and rows for validation.
run train rare.csv "${quick[@]:0:8}" --folds 5
expect_code 0
expect_out '^validation accuracy .* over 5 folds$'
# shellcheck disable=SC2059
expect_err "$(printf "$told" held-out)"
run train rare.csv "${quick[@]:0:8}" --folds 5 --json
expect_json '[.trainings[].unknown_rows] | add == 1'
run train rare.csv "${quick[@]:0:8}" --seeds 2 --seed "$with"
expect_code 0
with=0
for seed in 1 2 3 4 5 6 7; do
    run search rare.csv 'hidden=2|3' --drop note --target y --epochs 1 --seed "$seed" --progress never
    expect_code 0
    expect_out '^scratchml train rare.csv'
    # shellcheck disable=SC2059
    if grep -qE "$(printf "$told" held-out)" err; then
        with=$seed
    fi
done
check 'some seed keeps the row for the score of a search' [ "$with" -gt 0 ]
with=0
for seed in 1 2 3 4 5 6 7 8; do
    run train rare.csv "${quick[@]}" --validation 0.3 --early-stopping roc_auc --seed "$seed"
    expect_code 0
    # shellcheck disable=SC2059
    if grep -qE "$(printf "$told" validation)" err; then
        with=$seed
    fi
done
check 'some seed keeps the row for validation' [ "$with" -gt 0 ]

# A missing cell that is refused is told by its line too.
sed '120s/^[^,]*,/,/' rare.csv >hole.csv
fails_with 1 "^scratchml train: hole.csv:120: row 116 \(counted from 0\), column 'x' has no value \(the first of 1 cells?\)" \
    train hole.csv --target y --test 0 --missing refuse --epochs 1 -o m.safetensors

finish

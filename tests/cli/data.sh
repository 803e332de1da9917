#!/usr/bin/env bash
# data: the list, the facts, samples drawn, and what fetch refuses.
set -eu
. "$(dirname "$0")/lib.sh"

run data list
expect_code 0
expect_out '^mnist '
expect_out '^spirals '
expect_narrow
run data list --json
expect_json 'map(.name) | index("mnist") and index("spirals")'
expect_json 'all(.help | length > 10)'

run data info spirals
expect_out '^spirals: classification, 2 columns, 3 classes'
expect_out '^train: 3,000 rows'
run data info spirals --json
expect_json '.splits.train.rows == 3000 and .splits.test.rows == 1000 and .columns == 2'
expect_json '.splits.train.classes | map(.count) | add == 3000'
expect_json '.splits.train | .minimum < .maximum and .density > 0.9'
expect_json '.splits.train.sha256 | test("^[0-9a-f]{64}$")'
expect_json '.splits.train.sha256 != .splits.test.sha256'
first=$(jq -r .splits.train.sha256 out)
run data info spirals --json --seed 42
expect_json ".splits.train.sha256 == \"$first\""
run data info spirals --json --seed 43
expect_json ".splits.train.sha256 != \"$first\""
expect_json '.column_facts | length == 2 and all(.kind == "number" and .missing == 0)'
expect_json '.splits.test.rows_of_train == 0 and .splits.train.duplicate_rows == 0'
for set in moons circles blobs xor separable linear; do
    run data info "$set"
    expect_code 0
    expect_out "^$set: "
    expect_out '^  no missing values · no duplicate rows · no rows also in train$'
    expect_narrow
done
expect_out '^10 +numbers +0 +-?0\.0[0-9]+ +[01]\.[0-9]+ +-[34]\.[0-9]+…[34]\.'
run data info blobs
expect_out '^3 +750  25\.00%   250  25\.00%$'
run data info regression --json
expect_json '.task == "regression" and .outputs == 1 and .splits.train.classes == []'

run data show spirals
expect_out '0 ?0'
check 'no escapes' bash -c "! grep -qP '[\r\x1b]' out"
run data show spirals --sample 3 --count 4
check 'a line a row' [ "$(grep -cE '^#[3-6] is [012]: ' out)" -eq 4 ]
run data show regression --count 2
check 'a line a row' [ "$(grep -cE '^#[01] is -?[0-9.]+: ' out)" -eq 2 ]

COLUMNS=40 run data show regression --count 2
check 'a value and the rest' \
    [ "$(grep -cE '^#[01] is -?[0-9.]+: -?[0-9.]+.* … [0-9] more$' out)" -eq 2 ]
expect_narrow 40
COLUMNS=40 run data show spirals
expect_narrow 40
COLUMNS=40 run data list
expect_narrow 40
LC_ALL=C run data list
check 'ASCII only' bash -c "! LC_ALL=C grep -q '[^ -~]' out"

train_spirals m.safetensors
run data show spirals --model m.safetensors --count 2
check 'predictions' [ "$(grep -cE '(says|wrong:) [012] [0-9.]+%' out)" -eq 2 ]
run data show spirals --model m.safetensors --mistakes --count 5 --json
expect_json '.samples | length == 5 and all(.label != .prediction)'
expect_json '.samples | map(.probability) | . == (sort | reverse)'

# Rows of numbers: repeated ones are found whatever the sign of zero.
printf '1 0\n2 5\n1 -0\n1 0\n' >rows.txt
run data info rows.txt
expect_out '^  no missing values · 2 duplicate rows$'
expect_out '^1 +whole numbers +0 +1\.25 +0\.433 +1…2$'
run data info rows.txt --json
expect_json '.splits.all | .duplicate_rows == 2 and .density == 0.625 and .missing == 0'
printf '20000001 1\n20000001 1\n20000003 1\n' >far.txt
run data info far.txt
expect_err "^column '1': its mean is .* subtract a constant"
expect_out '^2 .* 1 in every row$'

# Pictures: two of 4 × 6 pixels in the four IDX files of MNIST's layout.
idx() { printf "%b" "$1" >"$2"; }
mkdir pictures
one='\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x00\x00\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00'
for part in train t10k; do
    idx "\\x00\\x00\\x08\\x03\\x00\\x00\\x00\\x02\\x00\\x00\\x00\\x04\\x00\\x00\\x00\\x06$one$one" \
        pictures/$part-images-idx3-ubyte
    idx '\x00\x00\x08\x01\x00\x00\x00\x02\x00\x01' pictures/$part-labels-idx1-ubyte
done
run data info pictures --json
expect_json '.splits.train.duplicate_rows == 1 and .splits.test.duplicate_rows == 1'
expect_json '.splits.test.rows_of_train == 2 and .column_facts == []'
run data info pictures
expect_out '1 duplicate row · 2 rows also in train'
LC_ALL=C.UTF-8 run data show pictures
expect_code 0
expect_out '█'
expect_out '#0 is 0'
LC_ALL=C run data show pictures
expect_out '@@'
LC_ALL=C.UTF-8 run data show pictures --color always
check 'greys of the palette' grep -qP '\x1b\[38;5;[0-9]+;48;5;[0-9]+m▀' out

fails_with 1 'spirals' data info sprals
fails_with 1 'mnist' data fetch mnits
run data fetch spirals
expect_code 0
expect_out '^spirals is ready'

finish

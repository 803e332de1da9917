#!/usr/bin/env bash
# Small things that a reader trips over: one of something, hints, what is left out.
set -eu
. "$(dirname "$0")/lib.sh"

printf 'x,y\n1,a\n' >row.csv
run data info row.csv --target y
expect_out '^row.csv: classification, 1 column, 1 class, stored as float32$'
expect_out '^all: 1 row, 100.00% not zero$'
run train row.csv --target y --test 0 --epochs 1 -o m --progress never
expect_code 0
expect_err "^row.csv: 1 row, target 'y': classification, 1 class$"
expect_err ', which are 1 step$'
expect_err "^row.csv: every row has the class 'a', so there is nothing to learn"
run train spirals --hidden 2 --epochs 1 -o m
check 'classes to tell apart' bash -c '! grep -q "nothing to learn" err'

# Initials are understood before a slip of the hand; what is near stays near.
fails_with 2 'did you mean --learning-rate\?' train spirals --lr 0.1
fails_with 2 'did you mean --batch-size\?' train spirals --bs 7
fails_with 2 "did you mean 'learning_rate'\?" search spirals 'lr=1|2'
fails_with 2 'did you mean --epochs\?' train spirals --epoch 3
run train --help
check 'memory is for tables too' bash -c "tr -s ' \n' ' ' <out | grep -q 'NPY files and tables stay on disk'"

# The numbers to predict are described like columns, and tables say how full they are.
awk 'BEGIN { print "x,y"; for (r = 0; r < 40; r++) print r % 2 "," r / 4 }' >r.csv
run data info r.csv --target y
expect_out '^all: 40 rows, 50.00% not zero$'
expect_out '^target +mean +sd +values$'
expect_out '^y +4.875 +2.886 +0…9.75$'
run data info r.csv --target y --json
# Mean and deviation of 0, 1/4 … 39/4: (n - 1)/8, and √((n² - 1)/12)/4.
expect_json '.target_facts[0] | .name == "y" and .minimum == 0 and .maximum == 9.75 and .mean == 4.875
    and ((.deviation - ((1599 / 12) | sqrt) / 4) | fabs) < 1e-6'
run data info row.csv --target y --json
expect_json '.target_facts == []'

# Rows for validation are no rows to train on.
run train r.csv --target y --validation 0.25 --epochs 1 -o m
for part in train:24 validation:8 test:8; do
    run evaluate m r.csv --split "${part%:*}" --json
    expect_json ".split == \"${part%:*}\" and .samples == ${part#*:}"
done
run train spirals --validation 0.25 --epochs 1 -o m
all=$("$SCRATCHML" data info spirals --json | jq .splits.train.rows)
run evaluate m spirals --split train --json
expect_json ".samples == $all * 3 / 4"

# A field without quotes may be no longer than one in quotes.
{ printf 'x,y\n1,'; head -c 17000000 /dev/zero | tr '\0' a; printf '\n2,b\n'; } >long.csv
fails_with 1 "long.csv:2: column 2.*: 'a*…' is longer than 16 MiB" data info long.csv --target x

finish

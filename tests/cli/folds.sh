#!/usr/bin/env bash
# train --seeds and train --folds: the same training several times, and the spread of its scores.
set -eu
. "$(dirname "$0")/lib.sh"

quick=(--hidden 16 --epochs 5 --quiet)

run train spirals "${quick[@]}" --seeds 3 --json
expect_code 0
expect_json '.study == "seeds" and .metric_name == "accuracy" and .data == "spirals"'
expect_json '[.trainings[].seed] == [42, 43, 44] and ([.trainings[].status] | unique) == ["ok"]'
expect_json 'def mean: add / length; [.trainings[].accuracy] as $a
    | ($a | mean) as $m | (.accuracy.mean - $m | fabs) < 1e-8
    and ((($a | map((. - $m) * (. - $m)) | add) / 2 | sqrt) - .accuracy.deviation | fabs) < 1e-8
    and .accuracy.n == 3 and .accuracy.deviation > 0'
mv out three
check 'no model is saved' [ -z "$(find . -name '*.safetensors')" ]

# Any number of threads; all but the times is the same.
run train spirals "${quick[@]}" --seeds 3 --json --threads 1
timeless='del(.seconds, .trainings[].seconds)'
check 'one thread, the same scores' [ "$(jq -c "$timeless" out)" = "$(jq -c "$timeless" three)" ]

# The first of them is the training without --seeds.
run train spirals "${quick[@]}" --json -o m.safetensors
check 'the first seed is the plain training' \
    [ "$(jq .test.accuracy out)" = "$(jq .trainings[0].accuracy three)" ]

run train spirals "${quick[@]}" --seeds 3
expect_out '^seed +accuracy +loss +seconds$'
expect_out '^43 +[0-9.]+% +[0-9.]+ +[0-9.]+$'
expect_out '^mean +[0-9.]+% '
expect_out '^deviation +[0-9.]+% '
expect_out '^test accuracy [0-9.]+% ± [0-9.]+% over 3 seeds$'
expect_narrow

run train spirals "${quick[@]}" --folds 4 --metric macro_f1
expect_code 0
expect_out '^fold +macro_f1 +accuracy +loss +seconds$'
expect_out '^validation macro_f1 [0-9.]+ ± [0-9.]+ over 4 folds$'
run train regression "${quick[@]}" --folds 2 --metric r2 --json
expect_json '.study == "folds" and [.trainings[].fold] == [1, 2] and .metric.mean < 1'
expect_json '.accuracy.mean == null and .accuracy.n == 0'

# One plain progress line a training, on standard error.
run train spirals --hidden 16 --epochs 5 --folds 3
expect_err '^3/3 trainings  accuracy [0-9.]+ after 5 epochs  in '
check 'a line for each training' [ "$(wc -l <err)" -eq 3 ]
run train spirals --hidden 16 --epochs 5 --folds 3 --progress always
check 'one line, redrawn' [ "$(wc -l <err)" -eq 0 ]

# With --output one model is trained on all rows as well.
run train spirals "${quick[@]}" --folds 2 -o whole.safetensors
expect_code 0
check 'the same bytes as without --folds' cmp m.safetensors whole.safetensors

fails_with 2 '--seeds and --folds: choose one' train spirals --seeds 3 --folds 3
fails_with 2 "--folds: found '1', expected a whole number in 2" train spirals --folds 1
fails_with 2 '--metric needs --seeds or --folds' train spirals --metric f1
fails_with 2 '--from does not go with' train spirals --from m.safetensors --folds 3
fails_with 1 "unknown metric of classification 'macro_f2'; did you mean 'macro_f1'" \
    train spirals --folds 3 --metric macro_f2
fails_with 1 'every training diverged' \
    train spirals --folds 3 --optimizer sgd --learning-rate 1e30 -q

# Two rows of class r in 60: three of five folds miss it, and have no area under the curve.
awk -v OFS=, 'BEGIN { print "a,b,k"; for (r = 0; r < 60; r++) print r * 7 % 11, r * 5 % 13, r == 5 || r == 31 ? "r" : "x" }' >rare.csv
rare=(rare.csv --target k --metric roc_auc --epochs 2)
run train "${rare[@]}" --folds 5
expect_code 0
check 'three folds without a value' [ "$(grep -c '^[1-5] *– ' out)" = 3 ]
expect_out '^validation roc_auc [01]\.[0-9]{4} ± [01]\.[0-9]{4} over 2 of 5 folds$'
expect_err '^3 of 5 have no value of roc_auc, since a class is missing'
check 'no nan' bash -c '! grep -qi nan out err'
run train "${rare[@]}" --folds 5 --json --quiet
expect_code 0
expect_json '([.trainings[].metric] | map(select(. == null)) | length) == 3 and .metric.n == 2'
expect_json '([.trainings[].metric | values] | add / 2) - .metric.mean | fabs < 1e-8'
run train "${rare[@]}" --seeds 2 --test 0.01
expect_code 1
expect_err 'no training has a value of roc_auc'
fails_with 1 'no trial has a value of roc_auc: .* raise --holdout' \
    search "${rare[@]}" 'hidden=2|4' --holdout 0.02

# Ctrl-C.
"$SCRATCHML" train spirals --folds 4 --epochs 1000000 -o never.safetensors >out 2>err &
pid=$!
sleep 1
kill -INT $pid
code=0
wait $pid || code=$?
last_command='train --folds 4, interrupted'
expect_code 130
expect_silent
expect_err 'interrupted after 0 of 4 trainings; nothing was saved'
check 'nothing was saved' [ ! -e never.safetensors ]

finish

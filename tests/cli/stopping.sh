#!/usr/bin/env bash
# Early stopping on the command line: what it looks at is said, and must have a value.
set -eu
. "$(dirname "$0")/lib.sh"

awk 'BEGIN { print "x,z,y"; for (r = 0; r < 400; r++) {
    x = r * 37 % 101
    print x "," r * 13 % 29 "," (x + r % 7 > 52 ? "a" : "b") } }' >t.csv
train=(train t.csv --target y --batch-size 32 --progress never -o m)

# The summary names the metric that made the epoch the best, with its value.
run "${train[@]}" --early-stopping roc_auc --epochs 8 --history h.json
expect_code 0
best=$(sed -n 's/.* at best epoch \([0-9]*\) .*/\1/p' out)
value=$(jq ".[$best - 1].validation_metric" h.json)
check 'the best epoch has the largest value' jq -e "map(.validation_metric) | max == $value" h.json
expect_out "validation roc_auc $(printf '%.4f' "$value") at best epoch $best "
run "${train[@]}" --early-stopping roc_auc --epochs 8 --json
expect_json ".validation | .metric_name == \"roc_auc\" and .metric == $value and .epoch == $best"
run "${train[@]}" --validation 0.1 --epochs 2 --json
expect_json '.validation | .metric_name == null and .metric == null'
run "${train[@]}" --early-stopping accuracy --epochs 3
expect_out 'validation accuracy [0-9.]+% at best epoch'

# One row has one class: no area under the ROC curve. Refused before an epoch is trained.
rm m
fails_with 1 'early_stopping: roc_auc has no value on the 1 validation row: a class is missing|early-stopping: roc_auc has no value on the 1 validation row: a class is missing' \
    "${train[@]}" --early-stopping roc_auc --validation 0.003 --epochs 100
check 'no model' [ ! -e m ]
run "${train[@]}" --early-stopping loss --validation 0.003 --epochs 3
expect_code 0

# A search may ask whether to stop; its trials keep a tenth of the rows, as --early-stopping does.
run search t.csv 'early_stopping=none|loss' --target y --epochs 4 --progress never
expect_code 0
expect_out '^scratchml train t.csv .* --validation 0.1 --early-stopping (none|loss)$'
run search t.csv 'early_stopping=none|loss' --target y --epochs 4 --progress never --validation 0.25
expect_out '^scratchml train t.csv .*--validation 0.25 .*--early-stopping (none|loss)$'
run search t.csv 'early_stopping=loss|roc_auc' 'validation=0.2|0.3' --target y --epochs 4 --progress never
expect_code 0
check 'said once' [ "$(grep -o -e '--validation' out | wc -l)" = 1 ]

finish

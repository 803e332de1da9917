#!/usr/bin/env bash
# evaluate: figures, confusion matrix and class table, as text and as JSON.
set -eu
. "$(dirname "$0")/lib.sh"

train_spirals m.safetensors
run evaluate m.safetensors spirals
expect_code 0
expect_out '^accuracy [0-9.]+% · loss [0-9.]+ · 1,000 samples$'
expect_out '^Confusion matrix'
expect_out '^class  precision  recall'
expect_narrow

run evaluate m.safetensors spirals --json
expect_code 0
expect_json '.accuracy > 0.5 and .loss > 0 and .samples == 1000'
expect_json '.data == "spirals" and .split == "test"'
expect_json '(.confusion | length) == 3 and ([.confusion[][]] | add) == 1000'
expect_json '(.confusion[0][0] + .confusion[1][1] + .confusion[2][2]) / 1000 == .accuracy'
expect_json '([.confusion[] | add]) == [.classes[].support]'
expect_json '.classes | length == 3 and all(.precision <= 1 and .recall <= 1 and .f1 <= 1)'
expect_json '.confusion[1][1] / .classes[1].support - .classes[1].recall | fabs < 1e-8'

run evaluate m.safetensors spirals --split train --json
expect_json '.samples == 3000 and .split == "train"'

# The generated set is the one the model was trained with, unless a seed says otherwise.
run train spirals --seed 5 --epochs 5 --quiet --json -o five.safetensors
trained=$(jq .test.accuracy out)
run evaluate five.safetensors spirals --json
expect_json ".accuracy == $trained"
run evaluate five.safetensors spirals --seed 5 --json
expect_json ".accuracy == $trained"

run train regression --epochs 5 --quiet -o r.safetensors
run evaluate r.safetensors regression
expect_out '^loss [0-9.]+ · R² '
run evaluate r.safetensors regression --json
expect_json '.accuracy == null and .confusion == null and .mse > 0 and .mae > 0 and .r2 < 1'

COLUMNS=40 run evaluate m.safetensors spirals
expect_narrow 40
LC_ALL=C run evaluate r.safetensors regression
expect_out '^loss [0-9.]+ - R2 -?[0-9.]+ - 1,000 samples$'
check 'ASCII only' bash -c "! LC_ALL=C grep -q '[^ -~]' out"

fails_with 1 'inputs|columns' evaluate m.safetensors regression

finish

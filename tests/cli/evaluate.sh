#!/usr/bin/env bash
# evaluate: figures, confusion matrix and class table, as text and as JSON.
set -eu
known=$(realpath "$(dirname "$0")/../reference/evaluate")
. "$(dirname "$0")/lib.sh"

train_spirals m.safetensors
run evaluate m.safetensors spirals
expect_code 0
expect_out '^accuracy [0-9.]+% · loss [0-9.]+ · 1,000 samples$'
expect_out '^Confusion matrix'
expect_out '^class +precision  recall'
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

# Every figure is scikit-learn's, for a model and pictures that lie with the reference numbers; one
# class does not occur.
near='def near($a; $b): ($a - $b | fabs) <= 2e-6;'
expect_known() {
    check "scikit-learn's: $1" jq -en --slurpfile a out --slurpfile b "$known/expected.json" \
        "$near \$a[0] as \$a | \$b[0] as \$b | $1"
}
run evaluate "$known/model.safetensors" "$known" --top-k 2 --json
expect_code 0
for name in accuracy loss log_loss samples roc_auc pr_auc; do
    expect_known "near(\$a.$name; \$b.$name)"
done
for kind in macro weighted; do
    for name in precision recall f1; do
        expect_known "near(\$a.$kind.$name; \$b.$kind.$name)"
    done
done
expect_known '$a.confusion == $b.confusion'
expect_known '$a.top_k == 2 and near($a.top_k_accuracy; $b.top_2)'
expect_known '$a.bins == 15 and near($a.calibration_error; $b.ece_15)'
run evaluate "$known/model.safetensors" "$known" --bins 7 --json
expect_known '$a.bins == 7 and near($a.calibration_error; $b.ece_7)'
expect_known '$a.top_k == 5 and near($a.top_k_accuracy; $b.top_5)'

run evaluate "$known/model.safetensors" "$known"
expect_out '^top-5 accuracy +[0-9.]+  '
expect_out '^ROC-AUC +[0-9.]+  each class against the rest, mean of 5 of 6$'
expect_out '^calibration error +[0-9.]+  15 bins'
expect_out '^weighted mean +[0-9.]+ +[0-9.]+ +[0-9.]+ +90$'
expect_narrow
run evaluate "$known/model.safetensors" "$known" --color always
expect_out $'\e\\['
fails_with 2 '--bins: ' evaluate m.safetensors spirals --bins 0
fails_with 2 '--top-k: ' evaluate m.safetensors spirals --top-k 0

COLUMNS=40 run evaluate m.safetensors spirals
expect_narrow 40
LC_ALL=C run evaluate r.safetensors regression
expect_out '^loss [0-9.]+ - R2 -?[0-9.]+ - 1,000 samples$'
check 'ASCII only' bash -c "! LC_ALL=C grep -q '[^ -~]' out"

fails_with 1 'inputs|columns' evaluate m.safetensors regression

finish

#!/usr/bin/env bash
# check: the gradients of a network hold against central differences.
set -eu
. "$(dirname "$0")/lib.sh"

run train spirals --hidden 8,5 --activation tanh --epochs 2 --quiet -o m.safetensors
run check m.safetensors spirals
expect_code 0
expect_out '^pass  '
expect_out 'largest relative error'

run check m.safetensors spirals --samples 6 --json
expect_code 0
expect_json '.max_relative_error <= 1e-6 and .passed'
expect_json '.parameters_checked + .kinks_skipped == 3 * 8 + 9 * 5 + 6 * 3'
expect_json '.kinks_skipped == 0 and .max_engine_error < 1e-3 and .samples == 6'
expect_json '.worst_parameter | (.name | startswith("layers.")) and (.analytic | type) == "number"'
expect_json '.worst_parameter.numeric | type == "number"'

run train regression --hidden 6 --activation relu --loss huber --epochs 1 --quiet -o r.safetensors
run check r.safetensors regression --json
expect_code 0
expect_json '.max_relative_error <= 1e-6'

# Norms: γ and β of each unit are checked, running statistics are not parameters.
for norm in batch layer; do
    run train spirals --hidden 8,5 --activation tanh --normalization "$norm" --dropout 0.1 --epochs 2 \
        --quiet -o n.safetensors
    run check n.safetensors spirals --json
    expect_code 0
    expect_json '.max_relative_error <= 1e-6 and .passed and .kinks_skipped == 0'
    expect_json '.parameters_checked == 3 * 8 + 2 * 8 + 9 * 5 + 2 * 5 + 6 * 3'
done
run train spirals --hidden 8 --normalization group --quiet -o n.safetensors
expect_code 2

# Weights so large that a difference quotient cannot hold: the exit code says so.
run train spirals --hidden 8 --activation identity --optimizer adam --learning-rate 1e5 \
    --batch-size 3000 --epochs 1 --quiet -o huge.safetensors
run check huge.safetensors spirals
expect_code 1
expect_out '^FAIL  '
run check huge.safetensors spirals --json
expect_code 1
expect_json '.max_relative_error > .limit and (.passed | not)'

fails_with 1 'inputs|columns' check r.safetensors spirals

finish

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

# One parameter, both values and the engine's; several; a kink is named and is no failure.
run check m.safetensors spirals --parameter 'layers.1.weight[4,7]'
expect_code 0
expect_out '^pass  layers\.1\.weight\[4,7\] = '
expect_out '^  chain rule +-?[0-9]'
expect_out '^  differences +-?[0-9].*relative error .* \(limit 1e-06\)'
expect_out '^  engine +-?[0-9].*float32'
run check m.safetensors spirals --samples 1 --parameter 'layers.0.bias[2]' --parameter 'layers.2.bias[0]' --json
expect_code 0
expect_json '.passed and .limit == 1e-6 and .samples == 1'
expect_json '[.parameters[].name] == ["layers.0.bias[2]", "layers.2.bias[0]"]'
expect_json 'all(.parameters[]; .passed and .kink == null and .step > 0 and .relative_error < 1e-6)'
expect_json 'all(.parameters[]; (.analytic - .engine | fabs) < 1e-5 and (.analytic - .numeric | fabs) < 1e-8)'

# All of them, line by line; the summary is the same.
run check m.safetensors spirals --each
expect_code 0
check 'a row for each' [ "$(grep -cE '^(pass|KINK)  layers\.' out)" -eq $((3 * 8 + 9 * 5 + 6 * 3)) ]
expect_narrow
expect_out '^pass  87 parameters'
run check m.safetensors spirals --each --json --threads 2
expect_code 0
expect_json '.passed and .parameters_checked == (.parameters | length) and .samples == 4'
expect_json '([.parameters[].relative_error] | max) == .max_relative_error'
expect_json '.parameters[0].name == "layers.0.weight[0,0]" and .parameters[2].name == "layers.0.bias[0]"'
cp out two
run check m.safetensors spirals --each --json --threads 1
check 'the same for any number of threads' cmp -s out two

# Rows of zeros, biases near 0: the inputs of all relu are at their kink.
printf 'a,b,class\n0,0,x\n0,0,y\n1,2,x\n2,1,y\n' >zeros.csv
run train zeros.csv --target class --test 0 --hidden 6 --activation relu --scaling none --optimizer sgd --learning-rate 1e-6 \
    --epochs 1 --quiet -o k.safetensors
run check k.safetensors zeros.csv --split all --parameter 'layers.0.bias[3]'
expect_code 0
expect_out '^KINK  layers\.0\.bias\[3\] = '
expect_out 'relu of layers\.0 unit 3, sample 0$'
run check k.safetensors zeros.csv --split all --parameter 'layers.0.bias[3]' --parameter 'layers.0.weight[5,1]' \
    --parameter 'layers.1.weight[1,3]'
expect_narrow
run check k.safetensors zeros.csv --split all --parameter 'layers.0.bias[3]' --json
expect_code 0
expect_json '.passed and (.parameters[0] | .passed and .relative_error == null)'
expect_json '.parameters[0].kink == "relu of layers.0 unit 3, sample 0"'
run check k.safetensors zeros.csv --split all --each
expect_code 0
expect_out '^KINK  layers\.0\.bias\[3\] .* relu of layers\.0 unit 3, sample 0$'
expect_narrow

# One that fails: the exit code says so.
run check huge.safetensors spirals --each
expect_code 1
expect_out '^FAIL  layers\.'
check 'a NaN has no sign' bash -c '! grep -q -e -nan out'

fails_with 2 'units 0…7' check m.safetensors spirals --parameter 'layers.0.weight[8,0]'
fails_with 2 'no parameter' check m.safetensors spirals --parameter 'layers.0.weight[13,'
run train spirals --hidden 8 --normalization batch --epochs 1 --quiet -o n.safetensors
fails_with 2 'running statistic' check n.safetensors spirals --parameter 'layers.1.running_mean[0]'
fails_with 2 'leave one of the two out' check m.safetensors spirals --each --parameter 'layers.0.bias[0]'

fails_with 1 'inputs|columns' check r.safetensors spirals

finish

#!/usr/bin/env bash
# Help: made from the tables, complete, 80 columns wide; the version.
set -eu
. "$(dirname "$0")/lib.sh"

run --help
expect_code 0
expect_narrow
for command in train evaluate predict check info 'data list' 'data info' 'data show' 'data fetch'
do
    expect_out "^  $command"
done

for command in train evaluate predict check info 'data list' 'data info' 'data show' 'data fetch'
do
    # Split on purpose: "data list" is two words.
    # shellcheck disable=SC2086
    run $command --help
    expect_code 0
    expect_out "^Usage: scratchml $command"
    expect_out '--json '
    expect_narrow
    cp out first
    # shellcheck disable=SC2086
    run help $command
    check "help $command says the same" cmp out first
done

# Every hyper-parameter that a model has is an option of train.
train_spirals m.safetensors
run info m.safetensors --json
names=$(jq -r '.settings | keys[]' out)
check 'there are hyper-parameters' [ "$(echo "$names" | wc -l)" -gt 10 ]
run train --help
for name in $names; do
    expect_out "^ +--${name//_/-} "
done
expect_out '-o, --output FILE'
expect_out '\[model.safetensors\]'
expect_out 'identity, relu,'
expect_out 'at least 1\)'
run predict --help
expect_out '\(1…1000\) \[3\]'
LC_ALL=C run predict --help
expect_out '\(1\.\.\.1000\) \[3\]'
check 'ASCII only' bash -c "! LC_ALL=C grep -q '[^ -~]' out"

run --version
expect_code 0
expect_out '^scratchml [0-9]+\.[0-9]+\.[0-9]+ \(kernels: (avx512|avx2|plain)\)$'

finish

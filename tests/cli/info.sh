#!/usr/bin/env bash
# info: layers, settings and receipt of a model file.
set -eu
. "$(dirname "$0")/lib.sh"

run train spirals --hidden 16,8 --epochs 3 --dropout 0.25 --seed 9 --quiet -o m.safetensors
run info m.safetensors
expect_code 0
expect_out '^m.safetensors: mlp, classification'
expect_out '^2 inputs, 3 outputs, 211 parameters, '
expect_narrow
expect_out 'dense +2 +16 +48$'
expect_out 'dropout 0.25'
check 'chosen settings come first' \
    bash -c "grep -A 5 '^setting' out | grep -qE '^dropout +0.25 '"
expect_out '^seed +9'
sed -n '/^setting/,/^$/p' out | awk 'NF && NR > 1 { print $1 }' | sort >listed
COLUMNS=40 run info m.safetensors
expect_narrow 40
run info m.safetensors --json
jq -r '.settings | keys[]' out | sort >known
check 'each setting stands there once' cmp listed known

run info m.safetensors --json
expect_json '.algorithm == "mlp" and .task == "classification"'
expect_json '.inputs == 2 and .outputs == 3 and .parameters == 211'
expect_json '[.layers[].parameters] | add == 211'
expect_json '[.layers[] | select(.type == "dense") | .outputs] == [16, 8, 3]'
expect_json '[.tensors[].shape | if length == 2 then .[0] * .[1] else .[0] end] | add == 211'
expect_json '.settings.hidden == [16, 8] and .settings.dropout == 0.25 and .settings.seed == 9'
expect_json ".bytes == $(stat -c %s m.safetensors)"
expect_json '.receipt.seed == 9 and .receipt.data == "spirals" and .receipt.epochs == 3'
expect_json '[.receipt | .. | strings | select(test("^[0-9a-f]{64}$"))] | length >= 1'
expect_json '[.receipt | .. | numbers] | length > 2'

finish

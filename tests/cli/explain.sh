#!/usr/bin/env bash
# explain: what a network computes for a sample, in text.
set -eu
. "$(dirname "$0")/lib.sh"

train_spirals m.safetensors
run explain m.safetensors spirals --sample 17
expect_code 0
expect_narrow
expect_out '^sample 17 of spirals, part test · label [012] · says [012], [0-9.]+% · loss [0-9.e-]+$'
expect_out '^evaluation · kernels '
expect_out '^  layers\.0 +dense +16 '
expect_out '^  layers\.1 +dense +3 '
cp out text
run explain m.safetensors spirals --sample 17 --color always
check 'colour changes no character' bash -c "sed 's/\x1b\[[0-9;]*m//g' out | cmp - text"

LC_ALL=C run explain m.safetensors spirals --sample 17
expect_code 0
expect_narrow
check 'ASCII where the locale has no more' bash -c '! LC_ALL=C grep -q "[^ -~]" out'

fails_with 1 'row 100000' explain m.safetensors spirals --sample 100000
finish

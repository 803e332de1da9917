#!/usr/bin/env bash
# The same bits: twice in a row, and whatever the number of threads.
set -eu
. "$(dirname "$0")/lib.sh"

settings=(--hidden 33,17 --epochs 3 --batch-size 50 --dropout 0.1 --quiet)
run train spirals "${settings[@]}" --threads 1 -o one.safetensors
expect_code 0
for threads in 1 2 3 5; do
    run train spirals "${settings[@]}" --threads $threads -o again.safetensors
    expect_code 0
    check "the same file with $threads threads" cmp one.safetensors again.safetensors
    run evaluate one.safetensors spirals --threads $threads --json
    [ -f figures ] || cp out figures
    check "the same figures with $threads threads" cmp out figures
done

finish

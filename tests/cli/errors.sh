#!/usr/bin/env bash
# Bad files and bad training: a message, exit code 1, nothing half-written.
set -eu
. "$(dirname "$0")/lib.sh"

train_spirals m.safetensors

# Data that is missing, unknown or damaged.
fails_with 1 "spirals" train spiral
fails_with 1 'mnist' train no-such-set
mkdir empty
fails_with 1 'empty: this folder holds no data' train empty
mkdir wrong
printf 'not an idx file' | tee wrong/train-images-idx3-ubyte >wrong/train-labels-idx1-ubyte
fails_with 1 'wrong/train-' train wrong
printf '\x00\x00\x08\x03\x00\x00\x00\x02\x00\x00\x00\x04\x00\x00\x00\x06abc' >\
    short-images-idx3-ubyte
fails_with 1 'short-images' predict m.safetensors short-images-idx3-ubyte
fails_with 1 'mnist.*fetch|fetch.*mnist' train mnist --data-dir "$work/empty/none"
printf '1 2\n3\n' >ragged.txt
fails_with 1 'ragged.txt.*2' predict m.safetensors ragged.txt
printf '1 2\n3 x\n' >word.txt
fails_with 1 'word.txt.*2' predict m.safetensors word.txt
printf '1 2\n3 inf\n' >inf.txt
fails_with 1 'inf.txt.*2' predict m.safetensors inf.txt
fails_with 1 '.' train inf.txt -o no.safetensors

# Names and contents of files reach the terminal without what would control it: C0, C1, bidi.
bad=$'a\x1b[2J\xc2\x9bb\xe2\x80\xaec\x9b\xff'
safe='a\?\[2J\?b\?c\?\?'
fails_with 1 "$safe" train "$bad"
printf '%s\n' "$bad" >"$bad"
fails_with 1 "$safe:1" predict m.safetensors "$bad"
cp m.safetensors "$bad.safetensors"
run info "$bad.safetensors"
expect_out "^$safe.safetensors: mlp"
echo '1 2' >"$bad"
run predict m.safetensors "$bad" "$bad"
expect_out "^$safe: 0  "
run train spirals --epochs 1 -o "$bad.safetensors"
expect_out "saved to $safe.safetensors$"
LC_ALL=C fails_with 2 'expected 0\.\.\.999$' predict m.safetensors spirals --sample 1000

# Models that are missing, foreign or damaged: refused, never a crash.
fails_with 1 'absent.safetensors' info absent.safetensors
printf 'hello' >foreign.safetensors
fails_with 1 'foreign.safetensors' info foreign.safetensors
fails_with 1 'not a regular file' info "$work"
size=$(stat -c %s m.safetensors)
for cut in 0 7 8 100 $((size / 2)) $((size - 1)); do
    head -c "$cut" m.safetensors >cut.safetensors
    fails_with 1 'cut.safetensors' evaluate cut.safetensors spirals
done
{ cat m.safetensors; printf x; } >long.safetensors
fails_with 1 'long.safetensors' predict long.safetensors spirals
for place in 3 8 9 40 $((size / 2)) $((size - 3)); do
    cp m.safetensors changed.safetensors
    printf '\x9e' | dd of=changed.safetensors bs=1 seek="$place" conv=notrunc status=none
    fails_with 1 'changed.safetensors' info changed.safetensors
done

# A loss that is no number any more.
fails_with 1 'epoch 1.*step|step.*epoch 1' train spirals --optimizer sgd --learning-rate 1e30 \
    --epochs 3 --quiet -o no.safetensors
expect_err 'nothing was saved'
fails_with 1 'step' train spirals --optimizer sgd --learning-rate 1e30 --json -o no.safetensors
check 'nothing was written' [ -z "$(find . -name 'no.safetensors*')" ]
# A linear model on a step a little too long: the loss grows for some epochs, then overflows.
fails_with 1 'the model as it was after epoch [0-9]+ was saved to last.safetensors' \
    train regression --hidden '' --optimizer sgd --learning-rate 1.1 --epochs 100 --quiet \
    -o last.safetensors
expect_err 'step [0-9]+'
run evaluate last.safetensors regression
expect_code 0
cp m.safetensors before
run train spirals --optimizer sgd --learning-rate 1e30 --quiet -o m.safetensors
check 'the old model stays' cmp m.safetensors before

finish

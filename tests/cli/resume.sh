#!/usr/bin/env bash
# A training that is killed again and again, at random moments, ends with the bytes of one that was
# left alone: 102 kills, every optimiser that keeps something, another number of threads each time.
set -eu
# Each checkpoint is synced: in memory, where there is such a place.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
. "$(dirname "$0")/lib.sh"

RANDOM=${RESUME_SEED:=$((SECONDS + $$))}
printf 'RESUME_SEED=%s\n' "$RESUME_SEED"

# Four IDX files: 400 pictures of 28 × 28 to train on and 60 to score, digit d a bright bar in row
# 2 d + 4.
write_digits() {
    perl -e '
        for (["train", 400, 0], ["t10k", 60, 3]) {
            my ($name, $n, $offset) = @$_;
            open my $l, ">:raw", "digits/$name-labels-idx1-ubyte";
            open my $p, ">:raw", "digits/$name-images-idx3-ubyte";
            print $l pack("NN", 0x801, $n);
            print $p pack("NNNN", 0x803, $n, 28, 28);
            for my $i (0 .. $n - 1) {
                my $digit = ($i * 7 + $offset) % 10;
                my $picture = "\0" x 784;
                substr($picture, (2 * $digit + 4) * 28 + 4 + $i % 5, 16) = chr(200 + $i % 56) x 16;
                print $l chr $digit;
                print $p $picture;
            }
        }'
}
mkdir digits
write_digits

settings=(--hidden 64 --batch-size 16 --epochs 40 --dropout 0.2 --augment-shift 1
    --augment-elastic 4 --validation 0.2 --early-stopping loss --patience 40 --schedule plateau
    --normalization batch --quiet)

kill_one() { # after 20 to 200 ms; true where it was still running
    sleep "0.$(printf '%03d' $((20 + RANDOM % 181)))"
    kill -KILL "$1" 2>/dev/null || true
    code=0
    wait "$1" 2>/dev/null || code=$?
    [ "$code" -eq 137 ]
}

# The columns of a history that do not tell the time.
without_seconds() { sed 's/,[^,]*$//' "$1"; }

# Becomes a training by $optimizer with so many threads; further arguments are options. It is called
# in a subshell, whose process it takes over, so that a kill meets the program.
become_training() {
    local threads=$1
    shift
    exec "$SCRATCHML" train digits "${settings[@]}" --optimizer "$optimizer" \
        --threads "$threads" "$@" >out 2>err
}
train_on() { (become_training $((1 + RANDOM % 3)) "$@"); }

kills=0
ends=0
for optimizer in momentum nesterov rmsprop adagrad adam adamw; do
    last_command="the trainings by $optimizer, RESUME_SEED=$RESUME_SEED"
    check 'undisturbed' train_on -o whole.safetensors --history whole.csv
    rm -f killed.safetensors checkpoint
    killed=0
    while [ "$killed" -lt 17 ]; do
        become_training $((1 + RANDOM % 3)) -o killed.safetensors --history killed.csv \
            --checkpoint checkpoint --checkpoint-every 7 --resume &
        if kill_one $!; then
            killed=$((killed + 1))
        else
            check 'it ends well' [ "$code" -eq 0 ]
            check "the same model after $killed kills" cmp whole.safetensors killed.safetensors
            rm -f killed.safetensors checkpoint
            ends=$((ends + 1))
        fi
    done
    kills=$((kills + killed))
    check 'it ends well' train_on -o killed.safetensors --history killed.csv \
        --checkpoint checkpoint --checkpoint-every 7 --resume
    check 'the same model' cmp whole.safetensors killed.safetensors
    check 'the same history' cmp <(without_seconds whole.csv) <(without_seconds killed.csv)
    check 'nothing half-written is left' [ -z "$(find . -name '*.tmp')" ]
done
printf '%s kills, %s ends between them\n' "$kills" "$ends"
check '100 kills at least' [ "$kills" -ge 100 ]
finish

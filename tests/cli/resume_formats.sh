#!/usr/bin/env bash
# A training that goes on from its checkpoint writes the bytes of one that was left alone, whatever
# format its rows and labels come from: also where labels are the bare numbers 0…n-1.
set -eu
files=$(realpath "$(dirname "$0")/../reference/files")
tables=$(realpath "$(dirname "$0")/../reference/tables")
. "$(dirname "$0")/lib.sh"

# 60 rows of 3 columns whose label tells the sign of the first one, as text.
rows() {
    perl -e 'for my $i (0 .. 59) {
        my $y = $i % 2;
        print join(" ", $y, ($y ? 1 : -1) * (1 + $i % 7), $i % 5, $i % 3), "\n";
    }'
}
# NPY of format 1.0: DTYPE and SHAPE as Python writes them, then standard input.
npy() {
    perl -e 'binmode STDOUT;
        my $h = "{\x27descr\x27: \x27$ARGV[0]\x27, \x27fortran_order\x27: False, \x27shape\x27: $ARGV[1], }";
        $h .= " " x (117 - length $h) . "\n";
        print "\x93NUMPY\x01\x00", pack("v", length $h), $h; print <STDIN>;' "$1" "$2"
}
rows | awk '{ print $1, "1:" $2, "2:" $3, "3:" $4 }' >zero_one.svm
rows | awk '{ print 2 * $1 - 1, "0:" $2, "1:" $3, "2:" $4 }' >signs.svm
rows | awk '{ print $2 / 3, "1:" $2, "2:" $3, "3:" $4 }' >numbers.svm
rows | awk 'BEGIN { print "y,a,b,c" } { print $1 "," $2 "," $3 "," $4 }' >table.csv
rows | perl -lane 'BEGIN { binmode STDOUT; $\ = "" } print pack "f<3", @F[1 .. 3]' |
    npy '<f4' '(60, 3)' >x.npy
rows | perl -lane 'BEGIN { binmode STDOUT; $\ = "" } print pack "q<", $F[0]' | npy '<i8' '(60,)' >y.npy
rows | perl -lane 'BEGIN { binmode STDOUT; $\ = "" } print pack "f<", $F[1]' | npy '<f4' '(60,)' >z.npy
cp "$files/split.npz" "$files/typed.npz" "$files/named.npz" "$tables/plants.csv" .

# goes_on DATA OPTION...: after its end, and from its middle.
goes_on() {
    rm -f whole.safetensors resumed.safetensors checkpoint
    settings=("$@" --hidden 6 --batch-size 4 --learning-rate 0.001 --quiet --checkpoint checkpoint)
    run train "${settings[@]}" --epochs 300 -o whole.safetensors
    expect_code 0
    run train "${settings[@]}" --epochs 300 -o resumed.safetensors --resume
    expect_code 0
    check "$1 from its end: the same model" cmp whole.safetensors resumed.safetensors
    rm checkpoint resumed.safetensors
    run train "${settings[@]}" --epochs 300 -o resumed.safetensors --time-budget 0.005s
    expect_code 0
    check "$1: it was cut" bash -c '! cmp whole.safetensors resumed.safetensors'
    run train "${settings[@]}" --epochs 300 -o resumed.safetensors --resume
    expect_code 0
    check "$1 from its middle: the same model" cmp whole.safetensors resumed.safetensors
}
goes_on zero_one.svm
goes_on signs.svm
goes_on numbers.svm
goes_on zero_one.svm --validation 0.2
goes_on table.csv --target y
goes_on plants.csv --target kind
goes_on x.npy --target y.npy
goes_on x.npy --target z.npy
goes_on split.npz
goes_on typed.npz
goes_on named.npz
goes_on "$files/insects"
finish

#!/usr/bin/env bash
# Messages that name the cure as this program spells it, and options that are not passed over.
set -eu
files=$(realpath "$(dirname "$0")/../reference/files")
. "$(dirname "$0")/lib.sh"

awk -v OFS=, 'BEGIN { print "a,b,kind"; for (r = 0; r < 60; r++) print r % 7, r % 5 == 1 ? "" : r % 3, r % 2 ? "x" : "y" }' >t.csv
train=(train t.csv --target kind --epochs 1)

# Hyper-parameters are options here.
fails_with 1 '^scratchml train: --early-stopping: .* such as --validation 0.1, or' \
    "${train[@]}" --early-stopping loss --validation 0 --quiet
fails_with 1 'and --missing refuse; fill them, or say --missing mean' \
    "${train[@]}" --missing refuse --quiet
fails_with 1 '^scratchml train: --loss: huber is .*; try --loss cross_entropy$' \
    "${train[@]}" --loss huber --quiet
fails_with 1 '^scratchml train: --label-smoothing: only --loss cross_entropy has it' \
    train t.csv --target a --task regression --label-smoothing 0.1 --quiet
# What a person wrote stays as it is.
fails_with 1 "'loss=5'" train 'loss=5'

# --size is for pictures.
fails_with 2 '^scratchml train: --size is for pictures; t.csv has none$' "${train[@]}" --size 4x4
fails_with 2 '--size is for pictures; t.csv has none' data info t.csv --target kind --size 4x4
run "${train[@]}" -o m.safetensors --quiet
fails_with 2 '--size is for pictures; t.csv has none' predict m.safetensors t.csv --size 4x4

# Pictures of other formats are named.
printf 'GIF89a\1\0\1\0' >p.gif
printf 'II*\0\10\0\0\0' >p.tiff
printf 'MM\0*\0\0\0\10' >q.tiff
printf 'RIFF\20\0\0\0WEBPVP8 ' >p.webp
printf 'BM\106\0\0\0\0\0\0\0\66\0\0\0' >p.bmp
for name in 'p.gif GIF' 'p.tiff TIFF' 'q.tiff TIFF' 'p.webp WebP' 'p.bmp BMP'; do
    fails_with 1 "${name% *}: a ${name#* } picture; PNG and JPEG are read, convert it to PNG" \
        data info "${name% *}"
done
printf 'BM,y\n1,2\n' >text.csv
run data info text.csv --target y
expect_code 0
fails_with 2 "--curve: found 'c.png', expected a name in .svg" "${train[@]}" --curve c.png

# A number that is none in float32 is not called infinite only.
perl -e 'binmode STDOUT; my $h = "{\x27descr\x27: \x27<f8\x27, \x27fortran_order\x27: False, \x27shape\x27: (1, 2), }";
    print "\x93NUMPY\x01\x00", pack("v", 118), $h, " " x (117 - length $h), "\n", pack("d<2", 1, 1e300)' >far.npy
fails_with 1 'far.npy: row 0, column 1 .* is infinite or beyond float32 \(±3.4e38\)' data info far.npy

# What was made of the targets of a file that is no table, and how to say otherwise.
cp "$files/floats.npz" "$files/from_one.svm" "$files/split.npz" .
run train floats.npz --epochs 1 -o n.safetensors
expect_err '^floats.npz: 4 rows: regression, 1 target$'
expect_err 'floats.npz: its targets are floats, but only 3 different whole numbers; .* --task classification$'
run train floats.npz --epochs 1 -o n.safetensors --task classification
expect_err '^floats.npz: 4 rows: classification, 3 classes$'
check 'no more hint' bash -c '! grep -q "its targets" err'
run train split.npz --epochs 1 -o n.safetensors
expect_err '^split.npz: 6 rows: classification, 3 classes$'
run train moons --hidden 2 --epochs 1 -o n.safetensors
check 'nothing of sets known by name' bash -c '! grep -q "rows: " err'

# Parts that do not belong together are told before the work.
cp "$files/uneven.npz" .
fails_with 1 "uneven.npz: 'x_test' has rows of 1, 'x_train' has rows of [0-9]+ numbers; save both" train uneven.npz

# A folder without data.
mkdir empty
for command in train 'data info' 'data show'; do
    # shellcheck disable=SC2086
    fails_with 1 'empty: this folder holds no data; expected pictures \(PNG, JPEG\) in folders named by class, or' \
        $command empty
done

# Missing cells from a pipe.
printf '1,nan\nNaN,2\n,\n' >rows
for input in '1,2\n' '1,nan\n' 'nan,nan\n' 'b,a\nNA,1\n' 'b;a\n;\n'; do
    # shellcheck disable=SC2059
    printf "$input" >rows
    code=0
    "$SCRATCHML" predict m.safetensors - --json <rows >out 2>err || code=$?
    expect_code 0
    expect_json '.predictions | length == 1'
done

# A file without rows, by every door.
printf 'a,b,kind\n' >header.csv
for command in 'data info' 'data show' train 'train --target kind' 'predict m.safetensors' 'evaluate m.safetensors'; do
    # shellcheck disable=SC2086
    fails_with 1 'header.csv: no row of data in it, only a header$' $command header.csv
done
printf '\n' >nothing.csv
for command in 'data info' train 'train --target kind' 'predict m.safetensors'; do
    # shellcheck disable=SC2086
    fails_with 1 'nothing.csv: no row of data in it$' $command nothing.csv
done

# Numbers that are out of their range are refused, with the range.
for share in -1 nan inf 1e99 '' 1x 0x1 0.95 ' 0.1' '0.1 '; do
    fails_with 2 "--test: found '$share', expected a number in 0…0.9" "${train[@]}" --test "$share"
    fails_with 2 "--holdout: found '$share', expected a number in 0.01…0.9" \
        search t.csv --target kind hidden=4 --holdout "$share"
done
fails_with 2 "--holdout: found '0', expected a number in 0.01…0.9" search t.csv hidden=4 --holdout 0
for time in -1s nans infs 0s 1e3s 100001h 99999999999999h 1d '' s 5; do
    fails_with 2 "--time-budget: found '$time', expected a time, .* up to 100000h" \
        "${train[@]}" --time-budget "$time"
done
for time in -1s nan 0 0s 100001h 1.5 99999999999999999; do
    fails_with 2 "--checkpoint-every: found '$time', expected batches, such as 500, or a time" \
        "${train[@]}" --checkpoint c --checkpoint-every "$time"
done
for option in min-change augment-noise learning-rate; do
    for value in nan inf -inf 1e999 ''; do
        fails_with 2 "--$option: '$value' is not a finite number from 0 to " \
            "${train[@]}" --$option "$value"
    done
done
fails_with 2 "--patience: '0' is below" "${train[@]}" --patience 0
fails_with 2 "--min-change: '-1' is below" "${train[@]}" --min-change -1

# Numbers agree with their nouns.
printf 'a,c,y\n1,x,1.5\n2,x,2.5\n3,x,1\n4,x,2\n' >one.csv
run data info one.csv
expect_out '^c +1 category '

finish

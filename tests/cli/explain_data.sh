#!/usr/bin/env bash
# explain on data of other kinds: a table with categories and missing cells, several labels, and a
# checkpoint in place of the model.
set -eu
. "$(dirname "$0")/lib.sh"

# 90 rows, whose sizes all differ and so name them. Categories come up as blue, red, amber.
awk 'BEGIN {
    split("blue red amber", colour); print "size,colour,class"
    for (i = 0; i < 90; i++) {
        s = (i * 37) % 101 / 8 + 0.001
        c = colour[int(i * i / 7) % 3 + 1]
        print s "," (i % 11 == 5 ? "" : c) "," (s > 6 || c == "red" ? "yes" : "no")
    }
}' >t.csv
run train t.csv --target class --hidden 5 --epochs 4 --validation 0.2 --quiet \
    --checkpoint t.ckpt -o t.safetensors
expect_code 0

# The row of the file, by its size: the colour that is told, and the input that is 1.
check_row() {
    local place colour row
    row=$(jq -r '.traces[0].samples[0].stages[0].raw' out)
    colour=$(awk -F, -v s="$row" '$1 - s < 1e-6 && s - $1 < 1e-6 { print $2 }' t.csv)
    expect_json ".traces[0].samples[0].stages[1] | .name == \"colour\" and
        .category == (\"$colour\" | if . == \"\" then null else . end)"
    place=$(jq '.traces[0].samples[0] | .input as $x | .stages[1] |
        [range(.at; .at + .width)] | map(select($x[.] == 1)) | .[0]' out)
    expect_json ".traces[0] | .model.input_names[$place] ==
        \"colour=\" + .samples[0].stages[1].filled_category"
    [ -z "$colour" ] || expect_json ".traces[0].model.input_names[$place] == \"colour=$colour\""
    echo "${colour:-missing}" >>seen
}
for sample in 0 1 2 3 4 5 6 7 8 9 10 11; do
    run explain t.safetensors t.csv --split train --sample "$sample" --json
    check_row
    run explain t.safetensors t.csv --split train --sample "$sample"
    expect_out "^  colour +$(tail -n 1 seen) "
done
check 'all colours and a missing one were seen' [ "$(sort -u seen | wc -l)" -eq 4 ]

# Another order of columns and of categories, and a column more.
awk 'BEGIN { print "extra,class,colour,size"; print "1,yes,red,2.5"; print "2,no,amber,3.5" }' >other.csv
run explain t.safetensors other.csv --sample 1
expect_out '^  colour +amber '
expect_out '^  size +3\.5 '

# A checkpoint counts the samples as the model does that comes of it.
for part in train test; do
    for file in t.safetensors t.ckpt; do
        run explain "$file" t.csv --split "$part" --sample 3
        expect_out "^sample 3 of t.csv, part $part "
        run explain "$file" t.csv --split "$part" --sample 3 --json
        jq '.traces[0] | .data, .samples' out >"$file.$part"
    done
    check "$part: the same sample" cmp "t.safetensors.$part" "t.ckpt.$part"
done
run info t.safetensors --json
expect_json '.receipt.held_out == {"test": 0.2, "seed": 42}'

# --checkpoint: the state of the optimiser is what the file has for that weight, and Adam goes on
# with the next step.
floats() {
    local length
    length=$(od -An -t u8 -N 8 t.ckpt | tr -d ' ')
    tail -c +9 t.ckpt | head -c "$length" |
        jq -r --arg name "$1" '.[$name].data_offsets | "\(.[0]) \(.[1] - .[0])"' |
        while read -r begin size; do
            od -An -v -w4 -t f4 -j $((8 + length + begin)) -N "$size" t.ckpt
        done
}
run explain t.safetensors t.csv --split train --sample 3 --layer 0 --weight 2,1 --update \
    --checkpoint t.ckpt --json
expect_code 0
inputs=$(jq '.traces[0].model.inputs' out)
steps=$("$SCRATCHML" info t.safetensors --json | jq .receipt.steps)
m=$(floats optimizer.0.layers.0.weight | sed -n $((2 * inputs + 2))p)
v=$(floats optimizer.1.layers.0.weight | sed -n $((2 * inputs + 2))p)
check 'the checkpoint has a state' awk -v m="$m" -v v="$v" 'BEGIN { exit !(m != 0 && v > 0) }'
expect_json "def near(a; b): ((a - b) | fabs) <= 1e-6 * (a | fabs) + 1e-300;
    .traces[1].step | .step == $steps + 1 and (.is_fresh | not) and (.parameters[0] |
        near(.states[0].before; $m) and near(.states[1].before; $v) and
        near(.states[0].after; 0.9 * $m + 0.1 * .gradient) and
        near(.states[1].after; 0.999 * $v + 0.001 * .gradient * .gradient))"
jq -c '.traces[1].step' out >by_option
run explain t.ckpt t.csv --split train --sample 3 --layer 0 --weight 2,1 --update --json
jq -c '.traces[1].step' out >by_model
check 'a checkpoint as the model goes on from its own state' cmp by_option by_model
run explain t.safetensors t.csv --split train --sample 3 --update --checkpoint t.ckpt
expect_out "^one step of adam, step $((steps + 1)), learning rate "

# Several labels of a row: (11) to (13) of docs/network.md from the logits that are shown.
npy() {
    perl -e 'my ($d, $s) = @ARGV; binmode STDOUT; binmode STDIN;
        my $h = "{\x27descr\x27: \x27$d\x27, \x27fortran_order\x27: False, \x27shape\x27: $s, }";
        print "\x93NUMPY\x01\x00", pack("v", 118), $h, " " x (117 - length $h), "\n"; local $/; print <STDIN>' "$1" "$2"
}
perl -e 'binmode STDOUT; for (0 .. 59) { print pack "f<2", ($_ * 7 % 13) / 6 - 1, ($_ * 5 % 17) / 8 - 1 }' |
    npy '<f4' '(60, 2)' >x.npy
perl -e 'binmode STDOUT; for (0 .. 59) { print pack "C3", $_ * 7 % 13 > 6, $_ * 5 % 17 > 8, $_ % 3 == 0 }' |
    npy '|u1' '(60, 3)' >y.npy
run train x.npy --target y.npy --hidden 6 --epochs 4 --quiet -o l.safetensors
expect_code 0
run explain l.safetensors x.npy --target y.npy --sample 4 --backward
expect_code 0
expect_out '^C = \(1/K\) Σ_k \(max\(z_k, 0\) - z_k y_k \+ ln\(1 \+ e\^-\|z_k\|\)\) +network\.md \(12\)$'
expect_out '^a_k = σ\(z_k\) +network\.md \(3\)$'
expect_out '^δ_k = \(σ\(z_k\) - y_k\) / K +network\.md \(13\)$'
check 'every check holds' bash -c '! grep -q "NOT HOLD" out && grep -q "holds$" out'
run explain l.safetensors x.npy --target y.npy --sample 4 --json
expect_json 'def near(a; b): ((a - b) | fabs) <= 1e-6;
    .traces[0] | .model.loss == "binary_cross_entropy" and (.samples[0].loss |
        near(.value; [.classes[] | -(.y * (1 / (1 + (-.z | exp)) | log) +
            (1 - .y) * (1 / (1 + (.z | exp)) | log))] | add / 3) and
        all(.classes[]; near(.a; 1 / (1 + (-.z | exp))) and near(.delta_engine; (.a - .y) / 3) and
            (.y == 0 or .y == 1)))'
run explain l.safetensors x.npy --target y.npy --sample 4 --should-be 1,0,1 --json
expect_json '[.traces[0].samples[0].loss.classes[].y] == [1, 0, 1]'
run explain l.safetensors x.npy --target y.npy --sample 4 --html l.html --quiet
expect_code 0
check 'a report of several labels' grep -q 'docs (12)\|(12)' l.html
finish

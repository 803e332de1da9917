#!/usr/bin/env bash
# What the words of explain say is so: where numbers come from, of which rows, and what does not hold.
set -eu
. "$(dirname "$0")/lib.sh"

number='-?[0-9.]+(e[-+][0-9]+)?'
train_spirals m.safetensors

# Columns that are recomputed are marked, once explained; the others are not.
run explain m.safetensors spirals --sample 17 --backward
expect_out '^  block +layer +units +zero +‖out‖\* +‖∂C/∂out‖\* +largest +at unit$'
expect_out '^  output +z_k +z_k - M\* +e\^\(z_k - M\)\* +a_k$'
check 'one line says what the mark is' [ "$(grep -c '^\* recomputed in double' out)" -eq 1 ]
check 'below everything' bash -c 'tail -n 1 out | grep -q "^\* recomputed"'
run explain m.safetensors spirals --sample 17 --layer 0
check 'no mark, no line' bash -c '! grep -q "\*" out'
expect_out '^units by \|a_j\|, all 16$|^the units with the largest \|a_j\| of 16$'
run explain m.safetensors spirals --sample 17 --layer 0 --backward
expect_out '\|a_j\|.* 16, bars: δ_j$'

# In ASCII nothing that stands between two facts could be a minus.
for page in '--backward' '--layer 0 --unit 3 --backward' '--layer 0 --backward'; do
    read -ra words <<<"$page"
    LC_ALL=C run explain m.safetensors spirals --sample 17 "${words[@]}"
    check "$page: facts are parted" grep -q ';' out
    # Formulas subtract; facts are lines with numbers.
    check "$page: no minus between facts" bash -c \
        "! grep -vE 'network|output|unit ' out | grep -E ' - ' | grep -qvE '^ *[a-z_^]+ (=|<-)'"
    COLUMNS=30 LC_ALL=C run explain m.safetensors spirals --sample 17 "${words[@]}"
    check "$page: nor in a narrow terminal" bash -c "! grep -qE '[0-9] - [a-z]' out"
done

# The rows of a batch; near the end it begins before the sample, which is said.
run explain m.safetensors spirals --sample 17 --batch 3
expect_out 'batch of m = 3, rows 17 to 19$'
check 'nothing to say' bash -c '! grep -q "the batch is" err'
run explain m.safetensors spirals --sample 999 --batch 3
expect_out 'batch of m = 3, rows 997 to 999$'
expect_err '^fewer than 2 rows follow row 999: the batch is the last 3$'

# A step beyond all measure is not called a small one.
run explain m.safetensors spirals --update --learning-rate 1e-3
expect_out ': about a$|: about a quarter'
run explain m.safetensors spirals --update --learning-rate 1e30
check 'no quarter is claimed' bash -c 'tr "\n" " " <out | sed "s/  */ /g" | grep -q ": not a quarter, so the step"'

# Numbers beyond float32: what is not finite holds nothing, on no line, and nothing is left out.
run explain m.safetensors spirals --sample 17 --set 'layers.1.weight[1,6]=3e38' \
    --set 'layers.0.bias[6]=30' --backward
expect_out ' nan'
expect_out ' relations on .*rounding reaches inf of its bound +DOES NOT HOLD$'
check 'no line with nan holds' bash -c '! grep -E "\<(nan|inf)\>.* holds$" out'
expect_out 'a logit is not finite'
check 'all classes are listed' bash -c \
    "sed -n '/^all 3 classes/,/relations/p' out | grep -cE '^  [0-2] +[01] +nan' | grep -qx 3"
run explain m.safetensors spirals --sample 17 --set 'layers.1.weight[1,6]=3e38' \
    --set 'layers.0.bias[6]=30' --backward --json
expect_json '[.traces[0].checks[] | select(.left == null or .right == null)] |
    length > 0 and all(.[]; (.holds | not) and .ratio_text == "inf")'

# A unit that a page shows in two places stands in its JSON once.
run explain m.safetensors spirals --layer 0 --unit 3 --backward --json
expect_json '.traces[0].units | length == (unique_by([.layer, .unit, .row]) | length)'

# A silent unit below a norm gives it a zero, which it makes something else of.
run train spirals --hidden 6 --normalization layer --epochs 1 --quiet -o n.safetensors
run explain n.safetensors spirals --silence 0:3
check 'the norm is named' bash -c \
    'tr "\n" " " <out | sed "s/  */ /g" | grep -q "layers.0 unit 3 were silent: it gives zero to layers.1, a norm"'
run explain m.safetensors spirals --silence 0:3
check 'there is no norm' bash -c '! grep -q norm, out'
run info n.safetensors
expect_out '^ +1  layer_norm 1e-05 +6 +6 +12$'
run info n.safetensors --json
expect_json '[.layers[].parameters] | add == 18 + 12 + 21'

# Without targets the cure is named.
printf '0.1,0.2\n' >bare.csv
fails_with 2 '--weight: the rows have no targets.*--should-be' explain m.safetensors bare.csv --no-header \
    --layer 0 --weight 1,1
run explain m.safetensors bare.csv --no-header --layer 0 --unit 1 --backward
expect_code 0
expect_err '^--backward: the rows have no targets.*--should-be'
run explain m.safetensors bare.csv --no-header --layer 0 --weight 1,1 --should-be 1
expect_code 0

# Class weights: the formulas have them, and the numbers are what they say.
awk 'BEGIN { print "a,b,c"; for (i = 0; i < 60; i++) printf "%d,%d,%s\n", i * 7 % 11, i * 5 % 13, i % 6 ? "no" : "yes" }' >w.csv
run train w.csv --target c --hidden 4 --class-weight balanced --epochs 3 --quiet -o w.safetensors
run explain w.safetensors w.csv --split train --sample 0 --layer 1 --weight 0,1 --batch 8
expect_out '^dW_ji = \(1/Σ_s w_s\) Σ_s δ_sj x_si +network\.md \(21\)$'
check 'every product is that of its row' awk '/Σ w_s = / { sub(";", "", $4); sum = $4 }
    /^  [0-9]+ +(yes|no)/ { want = $5 * $6 / sum; d = $7 - want; n++
        if (d > 1e-5 || d < -1e-5) exit 1 }
    END { exit n != 8 }' out
run explain w.safetensors w.csv --split train --sample 0 --backward
expect_out '^C = w_s \(M \+ ln'
expect_out '^δ_k = w_s \(a_k - y_k\) +network'
expect_out ' weighted loss'
run explain w.safetensors w.csv --split train --sample 0 --layer 0 --unit 1 --backward
expect_out "^ *C is the loss of the row times its weight, w_s = $number$"
run explain w.safetensors w.csv --split train --sample 0 --update
expect_out '^C = \(1/Σ_s w_s\) Σ_s w_s C_s$'
run explain m.safetensors spirals --update --batch 4 --backward
check 'without weights none is spoken of' bash -c '! grep -qE "w_s|weight[^s]?ed" out'

# A report too large for its units has the tables of layers; with still more layers their lines.
many() { yes "$2" | head -n "$1" | paste -sd ,; }
for layers in 30 60; do
    run train spirals --hidden "$(many "$layers" 8)" --epochs 1 --quiet -o deep.safetensors
    run explain deep.safetensors spirals --sample 0..9 --html deep.html --quiet
    expect_code 0
    check "$layers layers: at most 2 MB" test "$(wc -c <deep.html)" -le 2000000
    check "$layers layers: all samples" test "$(grep -c '<section id=s' deep.html)" -eq 10
    check "$layers layers: what is left out is said" grep -qE 'No (unit|layer) is taken apart here' deep.html
done

finish

#!/usr/bin/env bash
# explain: what a network computes for a sample, in text.
set -eu
. "$(dirname "$0")/lib.sh"

# How the numbers of a page are written; what makes them is tested in tests/explain.
number='-?[0-9.]+(e[-+][0-9]+)?'

train_spirals m.safetensors
run explain m.safetensors spirals --sample 17
expect_code 0
expect_out '^sample 17 of spirals, part test · label [012] · says [012], [0-9.]+% · loss [0-9.e-]+$'
expect_out '^evaluation · kernels '
expect_out '^  layers\.0 +dense +16 '
expect_out '^  layers\.1 +dense +3 '
loss=$(sed -nE '1s/.* loss ([0-9.e-]+)$/\1/p' out)
run predict m.safetensors spirals --sample 17 --json
probability=$(jq '.predictions[0].probability' out)
run explain m.safetensors spirals --sample 17 --backward
expect_out "^  engine ${loss}[0-9]*, in double $number, at most $number apart +holds$"
expect_out 'C = M \+ ln Σ_j e\^\(z_j - M\) - Σ_k y_k z_k +network\.md \(7\)$'
expect_out 'δ_k = a_k - y_k +network\.md \(9\)$'
expect_out "^  Σ_k δ_k = $number, from zero at most $number +holds$"
check 'the probability is that of predict' \
    awk -v p="$probability" '/^sample/ { sub("%", "", $(NF - 3)); exit !($(NF - 3) / 100 - p < 1e-4) }' out

run explain m.safetensors spirals --sample 17 --layer 1 --top 2
expect_out '^layers\.1 · sample 17$'
expect_out '^the units with the largest \|a_j\| of 3$'
run explain m.safetensors spirals --sample 17 --layer 0 --unit 3 --backward --top 1
expect_out '^layers\.0 unit 3 · sample 17$'
expect_out '^z_j = Σ_i w_ji x_i \+ b_j +network\.md \(1\)$'
expect_out '^  the other 1 +'
expect_out "^  difference $number, at most $number = γ_3 \(Σ\|w x\| \+ \|b\|\) +holds$"
expect_out '∂C/∂a_j = Σ_k w_kj δ_k +network\.md \(17\)'
expect_out '^Σ_i w_ji δ_j x_i \+ b_j δ_j = δ_j z_j$'
check 'every check holds' bash -c '! grep -q "NOT HOLD" out'

run explain m.safetensors spirals --sample 17 --layer 0 --weight 3,1 --batch 5 --update
expect_out '^layers\.0\.weight\[3,1\] · batch of 5 samples, rows 17 to 21$'
expect_out '^  samples that push the parameter up: [0-9]+, down: [0-9]+, neither: [0-9]+'
expect_out '^one step of adam, step 1 of a fresh optimiser, learning rate '
expect_out '^m̂ = m / \(1 - β₁\^t\) +network\.md \(33\)$'
expect_out "^  m = $number, β₁ = 0.9, t = 1: m̂ = $number$"
run explain m.safetensors spirals --sample 999 --layer 1 --weight 2,bias --batch 5
expect_out '^layers\.1\.bias\[2\] · batch of 5 samples, rows 995 to 999$'
run explain m.safetensors spirals --update --learning-rate 0.5
expect_out 'learning rate 0\.5$'
expect_out '^  layers\.1\.bias '
expect_out '^  predicted ΔC, Σ g Δθ, in double '

run explain m.safetensors spirals --set 'layers.0.bias[2]=0.25' --silence 0:5
expect_out '^what if layers\.0\.bias\[2\] were 0\.25, not '
expect_out '^and layers\.0 unit 5 were silent$'
expect_out '^layers\.0: [0-2] of 16 units change'
run explain m.safetensors spirals --temperature 2
expect_out '^what if temperature were 2, not 1$'
run explain m.safetensors spirals --sample 3 --should-be 2 --backward
expect_out '^sample 3 of spirals, part test · label 2 '
run explain m.safetensors spirals --sample 3,17..19
check 'a page a sample' [ "$(grep -c '^sample ' out)" -eq 4 ]

# The document has what the page shows; the digits are compared in tests/explain/test_pages.c.
run explain m.safetensors spirals --sample 17 --layer 0 --unit 3 --backward --json
expect_json '.traces | length == 1 and .[0].schema == "scratchml-trace"'
expect_json '.traces[0] | .samples[0].sample == 17 and (.sums | length) >= 3 and (.units | length) >= 2'
run explain m.safetensors spirals --sample 3,5 --update --json
expect_json '[.traces[].samples[0].sample] == [3, 3, 5, 5] and (.traces[1].step.tensors | length) == 4'
run explain m.safetensors spirals --silence 0:5 --json
expect_json '.traces[0].what_if.edits[0] == {kind: "silence", name: "layers.0 unit 5", block: 0, unit: 5}'
fails_with 2 'found 1000' explain m.safetensors spirals --sample 3,1000 --json

# Counts and norms of the document, from its own numbers, and whether a gate is closed.
run explain m.safetensors spirals --sample 17 --batch 9 --layer 0 --unit 3 --backward --top 4096 --json
expect_json 'def near(a; b): ((a - b) | fabs) <= 1e-6 * (b | fabs) + 1e-12;
    def norm: map(. * .) | add | sqrt;
    (.traces[0].samples[0] | near(.input_norm; .input | norm) and
        .input_zeros == (.input | map(select(. == 0)) | length)) and
    ([.traces[0].samples[] | .layers[] | near(.output_norm; .output | norm) and
        near(.delta_norm; .delta | norm) and .zeros == (.output | map(select(. == 0)) | length) and
        (.largest | fabs) == (.output | map(fabs) | max) and .output[.largest_unit] == .largest] | all)'
expect_json '.traces[0] | [.layers[].type] == ["dense", "relu", "dense"] and
    ([.samples[].layers | (.[1].closed == (.[0].output | map(select(. <= 0)) | length)) and
        (.[0] | has("closed") | not)] | all) and
    ([.samples[].layers[1].closed] | max > min and max < 16)'
for unit in 0 1 2 3 4 5 6 7; do
    run explain m.safetensors spirals --sample 17 --layer 0 --unit "$unit" --backward --json
    expect_json '.traces[0] as $t | [$t.units[] | select($t.layers[.layer].type == "relu") |
        .gate_closed == (.z <= 0) and .a == ([.z, 0] | max) and .slope == (if .z > 0 then 1 else 0 end) and
        .delta_in == (if .z > 0 then .delta_out else 0 end)] | length > 0 and all'
    jq '.traces[0].units[] | .gate_closed' out >>gates
done
check 'open gates and closed ones' [ "$(sort -u gates | grep -c .)" -ge 2 ]
run explain m.safetensors spirals --sample 17 --layer 0 --weight 3,1 --batch 40 --backward --top 4096 --json
expect_json '.traces[0].sums[0] | (.terms | length) + .others == 40 and
    .positive == ([.terms[] | select(.left * .right > 0)] | length) and
    .negative == ([.terms[] | select(.left * .right < 0)] | length) and
    .zero == 40 - .positive - .negative'
run explain m.safetensors spirals --sample 17
expect_out '^evaluation · kernels [a-z0-9]+ · batch of this one sample, m = 1$'
run explain m.safetensors spirals --sample 17 --batch 9
expect_out '^evaluation · kernels [a-z0-9]+ · batch of m = 9'

# 80 columns and fewer, with and without colour and UTF-8: no line is wider, colour changes nothing
# else, ASCII has no other sign.
pages=('--sample 17 --backward' '--layer 0' '--layer 0 --unit 3 --backward'
    '--layer 0 --weight 3,1 --batch 9 --update' '--update' '--silence 0:5')
for page in "${pages[@]}"; do
    for columns in 80 60 41 30; do
        read -ra words <<<"$page"
        export COLUMNS=$columns
        run explain m.safetensors spirals "${words[@]}"
        expect_code 0
        LC_ALL=C sed 's/\xcc\x82//g' out >columns # an accent takes none
        expect_narrow "$columns" columns
        check 'no blanks at an end' bash -c '! grep -q " $" out'
        cp out text
        run explain m.safetensors spirals "${words[@]}" --color always
        check 'colour changes no character' bash -c "sed 's/\x1b\[[0-9;]*m//g' out | cmp - text"
        LC_ALL=C run explain m.safetensors spirals "${words[@]}"
        expect_narrow "$columns"
        check 'ASCII' bash -c '! LC_ALL=C grep -q "[^ -~]" out'
    done
done
unset COLUMNS
finish

#!/usr/bin/env bash
# Scaled targets of a table: predictions and scores in the units of the target, through every command,
# from disk as from memory, and after a kill.
set -eu
. "$(dirname "$0")/lib.sh"

# price = 250,000 + 40,000 a - 15,000 b, 300 rows.
awk 'BEGIN {
    print "a,b,price"
    for (r = 0; r < 300; r++) {
        a = (r * 37 % 101) / 50 - 1
        b = (r * 59 % 97) / 48 - 1
        printf "%.4f,%.4f,%.2f\n", a, b, 250000 + 40000 * a - 15000 * b
    }
}' >houses.csv
quick=(--target price --hidden 8 --epochs 60 --batch-size 16 --threads 2)

run train houses.csv "${quick[@]}" -o m.safetensors
expect_code 0
expect_err "^houses.csv: 300 rows, target 'price': regression, trained as \(y - mean\) / deviation: losses"
expect_out '^test loss [0-9.]+ of scaled targets · R² 0\.9'
run info m.safetensors
expect_out '^target 0 in training: \(y - 2\.5[0-9]*e\+05\) × '
run info m.safetensors --json
expect_json '.target_scaling | length == 1 and .[0].shift > 249000 and .[0].shift < 251000'
expect_json '.settings.target_scaling == "auto"'

# The same numbers by another way: MSE and MAE from predictions and prices.
run predict m.safetensors houses.csv --json
jq -r '.predictions[].values[0]' out >predicted
tail -n +2 houses.csv | cut -d, -f3 | paste - predicted |
    awk '{ d = $1 - $2; s += d * d; t += d < 0 ? -d : d } END { printf "%.9g %.9g\n", s / NR, t / NR }' >by_hand
run evaluate m.safetensors houses.csv --split all --json
read -r mse mae <by_hand
expect_json ".mse / $mse | . > 0.9999 and . < 1.0001"
expect_json ".mae / $mae | . > 0.9999 and . < 1.0001"
expect_json '.loss < 1 and .mae > 100 and .mae < 20000'
run evaluate m.safetensors houses.csv
expect_out '^loss [0-9.]+ of scaled targets · R² 0\.9'
run check m.safetensors houses.csv
expect_code 0

# Explained: prediction and target stand beside each other in the units of the data.
run explain m.safetensors houses.csv --split train --backward
expect_code 0
expect_out '^the output, in the units of the data$'
expect_out '^ +0 +225000 +2[0-9]{5} '
expect_out 'a_k = z_k / q_k \+ μ_k, y_k = \(t_k - μ_k\) q_k'
check 'every check holds' bash -c '! grep -q "NOT HOLD" out'
run explain m.safetensors houses.csv --split train --json
expect_json '.traces[0].samples[0] | .data_target == [225000] and .predictions[0] > 200000'
run mistakes m.safetensors houses.csv --split all
expect_out '^residual: in the units of the data; loss, .* of scaled targets$'
run mistakes m.safetensors houses.csv --split all --count 300 --json
expect_json "[.samples[].residual] | add / length / $mae | . > 0.999 and . < 1.001"
run explain m.safetensors houses.csv --split train --silence 0:3
expect_out '^what if layers\.0 unit 3 were silent$'

# One row from standard input is the first of the file.
last_command='predict, one row'
printf 'a,b\n-1,-1\n' | "$SCRATCHML" predict m.safetensors - --json >out 2>err || fail 'one row'
expect_json ".predictions[0].values[0] - $(head -n 1 predicted) | fabs < 1"

# Without it: raw targets, which so few steps do not reach.
run train houses.csv "${quick[@]}" --target-scaling none -o raw.safetensors
expect_err "^houses.csv: 300 rows, target 'price': regression$"
check 'no remark' bash -c '! grep -q scaled out'
run info raw.safetensors --json
expect_json '.target_scaling == []'
run evaluate raw.safetensors houses.csv --json
expect_json '.loss > 1e9 and .r2 < 0.1'

# Scores of folds are in the units of the target as well.
run train houses.csv "${quick[@]}" --folds 3 --metric mae --json
expect_json '[.trainings[].metric] | min > 100 and max < 20000'

# Trials are ranked by a metric that has one unit.
fails_with 1 '--target-scaling: trials that differ in it have losses in different units' \
    search houses.csv --target price target_scaling='none|standard' --epochs 5
run search houses.csv --target price target_scaling='none|standard' --epochs 20 --metric r2 --json
expect_json '.ranking[0].settings == "target_scaling=standard"'

# Rows that stay on disk give the same bytes, as does a training that is killed and resumed.
run train houses.csv "${quick[@]}" --memory 1000 -o streamed.safetensors
check 'streamed' cmp m.safetensors streamed.safetensors
long=(train houses.csv --target price --hidden 8 --epochs 3000 --batch-size 16 --quiet)
"$SCRATCHML" "${long[@]}" --checkpoint part --checkpoint-every 50 -o killed.safetensors >out 2>err &
until [ -s part ]; do sleep 0.01; done
kill -KILL $!
code=0
wait $! 2>/dev/null || code=$?
check 'it was killed' [ "$code" -eq 137 ]
run "${long[@]}" --checkpoint part --resume --threads 1 -o killed.safetensors
expect_code 0
run "${long[@]}" -o whole.safetensors
check 'the same model' cmp whole.safetensors killed.safetensors
finish

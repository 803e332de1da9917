#!/usr/bin/env bash
# predict: a line a sample from data sets, text files and standard input.
set -eu
. "$(dirname "$0")/lib.sh"

train_spirals m.safetensors
run predict m.safetensors spirals
expect_code 0
check 'a line a sample' [ "$(wc -l <out)" -eq 1000 ]
check 'index, class, probability, two runners-up' \
    bash -c "! grep -qvE '^ *[0-9]+(  [012] [01]\.[0-9]{4}){3}\$' out"

run predict m.safetensors spirals --limit 5 --top 1
check 'five short lines' [ "$(grep -cE '^ *[0-4]  [012] [01]\.[0-9]{4}$' out)" -eq 5 ]
run predict m.safetensors spirals --sample 17 --json
expect_json '.predictions | length == 1'
expect_json '.classes == ["0", "1", "2"]'
expect_json '.predictions[0].sample == 17'
expect_json '.predictions[0] | .probability == (.probabilities | max)'
expect_json '.predictions[0].probabilities | length == 3 and (add - 1 | fabs < 1e-5)'
expect_json '.predictions[0] as $p | $p.probabilities[$p.label | tonumber] == $p.probability'
run predict m.safetensors spirals --json
expect_json '.predictions | length == 1000'

# The same numbers through a file and through standard input.
run data show spirals --sample 17 --count 2 --json
jq -r '.samples[].features | join(" ")' out >rows.txt
run predict m.safetensors spirals --sample 17 --json
probability=$(jq '.predictions[0].probability' out)
run predict m.safetensors rows.txt --json
expect_json '.predictions | length == 2'
expect_json ".predictions[0].probability - $probability | fabs < 1e-6"
cp out from_file
code=0
"$SCRATCHML" predict m.safetensors - --json <rows.txt >out 2>err || code=$?
expect_code 0
check 'standard input' cmp out from_file
run predict m.safetensors rows.txt spirals --limit 1 --json
expect_json '[.predictions[].input] == ["rows.txt", "spirals"]'

run train regression --epochs 2 --quiet -o r.safetensors
run predict r.safetensors regression --limit 2
check 'index and value' [ "$(grep -cE '^[01]  -?[0-9.e-]+$' out)" -eq 2 ]
run predict r.safetensors regression --limit 2 --json
expect_json '.predictions | length == 2 and all(.values | length == 1)'

# The values are those that evaluate scores.
run evaluate r.safetensors regression --json
mse=$(jq .mse out)
run data show regression --split test --count 1000 --json
jq -c '[.samples[].label[0]]' out >truth.json
run predict r.safetensors regression --json
expect_json "[[.predictions[].values[0]], $(cat truth.json)] | transpose | length == 1000 and
    ((map(.[0] - .[1] | . * .) | add / 1000) / $mse - 1 | fabs < 1e-5)"

# On a tie the classes come in their order: no epoch, no bias, so 0 gives every class the same.
run train spirals --hidden 4 --epochs 0 --quiet -o tie.safetensors
echo '0 0' >zero.txt
run predict tie.safetensors zero.txt
expect_out '^0  0 0.3333  1 0.3333  2 0.3333$'
run predict tie.safetensors zero.txt --top 2 --json
expect_json '.predictions[0].label == "0"'

# Nothing is printed before every input is known to be good.
echo '1 2 3' >three.txt
for format in --quiet --json; do
    fails_with 1 'three.txt: .*2 columns' predict m.safetensors rows.txt three.txt "$format"
    fails_with 1 'absent' predict m.safetensors rows.txt absent.txt "$format"
    fails_with 2 '--sample 5: rows.txt' predict m.safetensors spirals rows.txt --sample 5 "$format"
done

fails_with 2 '--sample 1000: .*0…999' predict m.safetensors spirals --sample 1000
printf '1 2\n3 nan\n' >nan.txt
fails_with 1 'nan.txt.*2' predict m.safetensors nan.txt
printf '1 2 3\n' >wide.txt
fails_with 1 'wide|columns|inputs' predict m.safetensors wide.txt --json
fails_with 1 'absent' predict m.safetensors absent.txt

# Rows with blanks between their numbers, for a table of numbers: its columns in their order.
awk 'BEGIN { print "a,b,y"; for (r = 0; r < 40; r++) printf "%d,%.1f,%.2f\n", r % 7, r % 5 / 2, r % 7 - r % 5 }' >n.csv
run train n.csv --target y --task regression --epochs 3 --test 0 -o n.safetensors --quiet
printf 'a,b\n3,0.5\n1,2\n' >commas.csv
run predict n.safetensors commas.csv --json
cp out wanted
# given ROWS: what the program says of rows on standard input
given() {
    last_command="predict, from standard input: $1"
    code=0
    # shellcheck disable=SC2059
    printf "$1" | "$SCRATCHML" predict "${2:-n.safetensors}" - --json >out 2>err || code=$?
}
for rows in '3 0.5\n1 2\n' '# measured\n\n  3   0.5  \r\n1 2' '3.0 5e-1\n1 2\n'; do
    given "$rows"
    check 'the same predictions' cmp out wanted
done
printf '3 0.5\n1 2\n' >rows
run predict n.safetensors rows --json
check 'from a file, too' cmp out wanted
# With more or fewer numbers, or with words, nothing is guessed.
given '3 0.5 7\n'
expect_code 1
expect_err 'standard input: the model expects 2 columns, the data has 3'
given '3 0.5\n1\n'
expect_code 1
expect_err ':2: 1 column'
given 'a b\n3 0.5\n1 2\n'
expect_code 1
expect_err "there is 1: a b; what stands between two fields is said by --delimiter, such as --delimiter ' '"
printf 'a b\n3 0.5\n1 2\n' >rows
run predict n.safetensors rows --delimiter ' ' --json
check 'the cure cures' cmp out wanted
# Numbers cannot stand for categories.
awk 'BEGIN { print "a,b,y"; for (r = 0; r < 40; r++) printf "%d,%s,%d\n", r % 7, r % 2 ? "u" : "v", r % 3 }' >c.csv
run train c.csv --target y --epochs 1 --test 0 -o c.safetensors --quiet
given '3 1\n' c.safetensors
expect_code 1
expect_err "no column 'a' for the model; there is 1"

finish

#!/usr/bin/env bash
# Tables end to end: a raw row goes in, a label name comes out; against scikit-learn's numbers, on a
# table with decimal commas, quoted categories and missing cells (tests/reference/make_tables.py).
set -eu
tables=$(realpath "$(dirname "$0")/../reference/tables")
. "$(dirname "$0")/lib.sh"
cp "$tables/plants.csv" .
linear=(--test 0 --hidden '' --optimizer sgd --batch-size 90 --quiet)

# near FILE FILTER LIMIT: the filter gives [ours, reference] pairs that differ by less.
near() {
    check "$1 near scikit-learn's" \
        jq -es "[.[0] as \$ours | .[1] as \$theirs | $2 | (.[0] - .[1]) | fabs] | length > 0 and max < $3" \
        out "$tables/plants.json"
}

# Unpenalised linear models have one answer, whoever finds it.
run train plants.csv --target kind --drop id,yield "${linear[@]}" --learning-rate 0.5 \
    --epochs 20000 -o kind.safetensors
expect_code 0
run predict kind.safetensors plants.csv --limit 10 --json
near probabilities '[$ours.predictions[].probabilities[]] as $p | [$theirs.probabilities[][]] as $q
    | range($p | length) | [$p[.], $q[.]]' 1e-4
check 'labels of scikit-learn' [ "$(jq -c '[.predictions[].label]' out)" = \
    "$(jq -c .labels "$tables/plants.json")" ]
check 'classes of scikit-learn' [ "$(jq -c .classes out)" = "$(jq -c .classes "$tables/plants.json")" ]
run evaluate kind.safetensors plants.csv --json
expect_json '.samples == 90 and .split == null'
near accuracy '[$ours.accuracy, $theirs.accuracy]' 1e-6
run info kind.safetensors --json
expect_json '.target == "kind" and (.columns | map(.name) == ["height", "width", "soil"])'
near means 'range(2) as $c | [$ours.columns[$c].shift, $theirs.mean[$c]]' 1e-6
near factors 'range(2) as $c | [$ours.columns[$c].factor, $theirs.factor[$c]]' 1e-6
check 'categories of scikit-learn' [ "$(jq -c '.columns[2].categories' out)" = \
    "$(jq -c .soil "$tables/plants.json")" ]
expect_json '.columns[2] | .kind == "category" and .inputs == 3 and .categories[.fill] == "clay"'
run info kind.safetensors
expect_out '^soil +categories +3  clay +clay, loam; wet, sand$'
expect_out '^target: kind$'
expect_narrow
run train plants.csv --target yield --drop id,kind "${linear[@]}" --learning-rate 0.1 \
    --epochs 5000 -o yield.safetensors
run predict yield.safetensors plants.csv --limit 10 --json
near yields '[$ours.predictions[].values[0]] as $p | range($p | length) | [$p[.], $theirs.yields[.]]' 1e-4
run evaluate yield.safetensors plants.csv --json
near R² '[$ours.r2, $theirs.r2]' 1e-5

# Rows for prediction: without the target, in another order, with other columns, from a pipe, as
# points and commas; each gives what the row of the file gives.
run predict kind.safetensors plants.csv --limit 1
cp out wanted
expect_out '^0  (fern|moss|reed; tall) +0\.[0-9]+ '
printf 'soil;colour;width;height\n"clay";green;6,84;25,44\n' >row.csv
run predict kind.safetensors row.csv
check 'columns by name' cmp out wanted
printf 'height,soil,width\n25.44,clay,6.84\n' >row.csv
run predict kind.safetensors row.csv
check 'decimal points' cmp out wanted
code=0
"$SCRATCHML" predict kind.safetensors - <row.csv >out 2>err || code=$?
check 'standard input' cmp out wanted
printf 'height,width,soil\n25.44,NA,\n' >row.csv
run predict kind.safetensors row.csv
expect_code 0

# What a row must not be.
printf 'height,soil\n25.44,clay\n' >row.csv
fails_with 1 "row.csv: no column 'width' for the model; there are 2: height, soil" \
    predict kind.safetensors row.csv
printf 'height,widht,soil\n25.44,6.84,clay\n' >row.csv
fails_with 1 "no column 'width' for the model; did you mean 'widht'" predict kind.safetensors row.csv
printf 'height,width,soil\n25.44,6.84,clay\n20,5,chalk\n' >row.csv
fails_with 1 "'chalk'.*clay, loam; wet, sand" predict kind.safetensors row.csv
printf 'height,width,soil\n25.44,wide,clay\n' >row.csv
fails_with 1 "row.csv:2: column 2 'width': 'wide'" predict kind.safetensors row.csv
printf 'height,width,soil,kind\n25.44,6.84,clay,ferm\n' >row.csv
fails_with 1 "row.csv:2: column 4 'kind': 'ferm' is no class of the model; did you mean 'fern'" \
    evaluate kind.safetensors row.csv
# To predict, the target is not needed, whatever it holds; evaluate needs it.
for target in ferm '' 'two words' 7; do
    printf 'height,width,soil,kind\n25.44,6.84,clay,%s\n25.44,6.84,clay,fern\n' "$target" >row.csv
    run predict kind.safetensors row.csv --limit 1
    check "target '$target'" cmp out wanted
    "$SCRATCHML" predict kind.safetensors - --limit 1 <row.csv >out 2>err || true
    check "target '$target' from a pipe" cmp out wanted
    run evaluate kind.safetensors row.csv
    expect_code 1
done
printf 'height,width,soil,kind\n25.44,6.84,clay,ferm\n' >row.csv
fails_with 1 "'ferm' is no class of the model" predict kind.safetensors row.csv --split test
fails_with 1 "no column 'knid' for the target; did you mean 'kind'" train plants.csv --target knid
fails_with 1 "no column 'knid' for the target" evaluate kind.safetensors plants.csv --target knid
fails_with 1 'say --target COLUMN' train plants.csv

# A file with one part keeps rows apart for the score, and evaluate finds them again.
run train plants.csv --target kind --drop id,yield --epochs 20 -o held.safetensors --json
expect_json '.test.samples == 18'
tested=$(jq .test.accuracy out)
for copy in plants.csv ./plants.csv; do
    run evaluate held.safetensors "$copy" --json
    expect_json ".samples == 18 and .split == \"test\" and .accuracy == $tested"
    expect_err '18 rows kept apart'
done
run evaluate held.safetensors plants.csv --split train --json
expect_json '.samples == 72 and .split == "train"'
run evaluate held.safetensors plants.csv --split all --json
expect_json '.samples == 90 and .split == null'
fails_with 1 'no rows were kept for validation' evaluate held.safetensors plants.csv --split validation
head -n 41 plants.csv >other.csv
run evaluate held.safetensors other.csv --json
expect_json '.samples == 40 and .split == null'
run predict held.safetensors plants.csv --json
expect_json '.predictions | length == 90'
run info held.safetensors --json
expect_json '.receipt | .rows == 72 and .held_out == {"test": 0.2, "seed": 42}'
run train ./plants.csv --from held.safetensors --epochs 5 -o on.safetensors --json
expect_json '.test.samples == 18'
run evaluate on.safetensors plants.csv --json
expect_json '.samples == 18'
run train plants.csv --target kind --drop id,yield --epochs 2 --test 0.5 --validation 0.2 --seed 3 \
    -o parts.safetensors --json
expect_json '.test.samples == 45'
for part in validation:9 train:36 test:45 all:90; do
    run evaluate parts.safetensors plants.csv --split "${part%:*}" --json
    expect_json ".samples == ${part#*:}"
done
run train plants.csv --target kind --test 0 --epochs 1 -o none.safetensors --json
expect_json '.test == null'
run info none.safetensors --json
expect_json '.receipt.held_out == null and .receipt.rows == 90'
fails_with 2 '--test: spirals has a test part already' train spirals --test 0.3 --epochs 1
fails_with 2 '--test: ' train plants.csv --target kind --test 1
fails_with 1 "no part 'all'" evaluate held.safetensors spirals --split all
run train plants.csv --target yield --epochs 1 -o r.safetensors --json
expect_json '.test.samples == 18 and .test.r2 != null'

# Studies.
run search plants.csv --target kind --drop id,yield 'hidden=4|8' --grid --epochs 3 --quiet --json
expect_json '.ranking | length == 2'
run train plants.csv --target kind --drop id,yield --folds 3 --epochs 3 --quiet --json
expect_json '.trainings | length == 3'
run train plants.csv --target kind --drop id,yield --seeds 2 --epochs 3 --quiet --json
expect_json '.trainings | length == 2'
run check held.safetensors plants.csv
expect_out '^pass '
run data show plants.csv --model held.safetensors --count 1
expect_out '^#0 is fern, (says|wrong:) '

finish

#!/usr/bin/env bash
# data info and data show on tables: names, categories, missing cells, duplicates; their pictures.
set -eu
. "$(dirname "$0")/lib.sh"

cat >flowers.csv <<'CSV'
length,width,colour,petal,species
5.1,3.5,red,1.5,setosa
4.9,3.0,red,1.5,setosa
4.7,,blue,1.25,setosa
7.0,3.2,blue,4.7,versicolor
6.4,3.2,green,4.5,versicolor
6.4,3.2,green,4.5,virginica
6.3,3.3,,6.0,virginica
5.8,2.7,red,5.1,virginica
CSV
run data info flowers.csv --target species
expect_out '^flowers.csv: classification, 4 columns, 3 classes, stored as float32$'
expect_out '^all: 8 rows, 90.62% not zero$'
expect_out '^  2 missing values · 1 duplicate row$'
expect_out '^virginica +3  37.50%$'
expect_out '^length +numbers +0 +5\.825 +0\.7838  4\.7…7$'
expect_out '^width +numbers +1 +3\.157 +0\.2321  2\.7…3\.5$'
expect_out '^colour +3 categories +1 +red, blue, green$'
expect_narrow
run data info flowers.csv --target species --json
expect_json '.column_facts | map(.name) == ["length", "width", "colour", "petal"]'
expect_json '.column_facts[2] | .kind == "category" and .categories == ["red", "blue", "green"]'
expect_json '.column_facts[3] | .minimum == 1.25 and .maximum == 6 and .missing == 0'
expect_json '.column_facts[3].mean * 8 | . > 29.0499 and . < 29.0501'
expect_json '.splits.all | .missing == 2 and .duplicate_rows == 1'
expect_json '.splits.all.classes | map(.name) == ["setosa", "versicolor", "virginica"]'
run data info flowers.csv --target '#1' --drop 'species,colour' --json
expect_json '.task == "regression" and .columns == 2'
fails_with 1 "did you mean 'species'" data info flowers.csv --target specis

run data show flowers.csv --target species --sample 2 --count 2
expect_out '^#2 is setosa$'
expect_out '^  length = 4\.7 +width = \(missing\) +colour = blue'
expect_out '^#3 is versicolor$'
expect_narrow
COLUMNS=24 run data show flowers.csv --target species
expect_narrow 24
check 'a line a value' [ "$(grep -c '^  [a-z]* = ' out)" -eq 24 ]
run data show flowers.csv --target species --sample 6 --count 1 --json
expect_json '.columns[2] == "colour" and .samples[0].features[2] == null'
expect_json '.samples[0].label == "virginica"'
run data show flowers.csv --target species --sample 4 --count 1 --json
expect_json '.samples[0].features[2] == "green"'

# The row without a width has no place in the picture.
run data show flowers.csv --target species --drop colour,petal --svg flowers.svg
expect_code 0
check 'seven dots' [ "$(grep -oE 'class="dots s[0-9]" d="[^"]+' flowers.svg | grep -o h0 | wc -l)" -eq 7 ]
check 'names of axes and classes' grep -q '>length<.*' flowers.svg
check 'names of axes and classes' grep -q '>virginica<' flowers.svg
run data show flowers.csv --target petal --drop width,colour,species --svg curve.svg
expect_code 0
check 'a target over one column' grep -q '>target<' curve.svg
fails_with 2 '--svg draws classes over two columns' data show flowers.csv --target species --svg no.svg
# Compressed rows: only what is there.
printf '1 1:0.5 40:2\n0 2:1\n1 1:0.5 40:2\n0 3:1 4:1\n' >sparse.svm
run data info sparse.svm
expect_out '^sparse.svm: classification, 40 columns, 2 classes, stored as float32, rows$'
expect_out '^  compressed, indices from 1$'
expect_out '^  no missing values · 1 duplicate row$'
run data info sparse.svm --json
expect_json '.stored_as == "csr" and .splits.all.density == 7 / 160'
run data show sparse.svm --count 2
expect_out '^#0 is 1: 1:0.5 40:2$'
expect_out '^#1 is 0: 2:1$'

printf 'a,b,c\n1,,x\n2,,y\n' >empty.csv
run data info empty.csv --target c
expect_code 0

finish

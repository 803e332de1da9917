#!/usr/bin/env bash
# What train says of a table: how it took the target, what it fills, which columns to drop.
set -eu
. "$(dirname "$0")/lib.sh"

# 150 rows: columns that count, name, number without order, count above 2^24; two that never change;
# age is missing in 4 rows and colour in 38; what belongs in is not told.
awk 'BEGIN {
    print "id,name,code,serial,const,flag,age,colour,height,kind"
    for (r = 0; r < 150; r++) {
        age = r % 40 == 3 ? "" : 20 + r * 7 % 41
        colour = r % 4 == 1 ? "" : (r % 3 ? "red" : "blue")
        printf "%d,person %d,%d,%d,7,only,%s,%s,%.2f,%s\n", r + 1, r, 1000 + r * 7919 % 8999,
            123456000 + r, age, colour, 1.5 + r * 31 % 50 / 100, r % 2 ? "a" : "b"
    }
}' >people.csv
quick=(--epochs 1 --batch-size 128 --unknown zeros -o m.safetensors)

run train people.csv --target kind "${quick[@]}"
expect_code 0
expect_err "^people.csv: 150 rows, target 'kind': classification, 2 classes$"
expect_err "^42 cells without a value are filled \(--missing auto\): 'age' 4, 'colour' 38$"
expect_err '^4 columns look like identifiers, with another value in every row: --drop id,name,code,serial$'
expect_err '^2 columns have the same value in every row: --drop const,flag$'
run train people.csv --target kind "${quick[@]}" --json
expect_json '.table == {"rows": 150, "target": "kind", "task": "classification", "classes": 2,
    "filled": [{"column": "age", "cells": 4}, {"column": "colour", "cells": 38}],
    "mixed": [], "identifiers": ["id", "name", "code", "serial"], "constant": ["const", "flag"],
    "rounded": []}'
# The cure cures.
drop=(--drop id,name,code,serial,const,flag)
run train people.csv --target height "${quick[@]}" "${drop[@]}" --progress never
expect_err "^people.csv: 150 rows, target 'height': regression, trained as"
check 'no more to drop' bash -c '! grep -q drop err'
run train people.csv --target height "${quick[@]}" "${drop[@]}" --json
expect_json '.table | .classes == null and .identifiers == [] and .constant == []'

# Only for tables, never with --quiet.
run train people.csv --target kind "${quick[@]}" --quiet
check 'silent' [ ! -s err ]
run train spirals --hidden 4 --epochs 1 -o m.safetensors --json
expect_json '.table == null'
# Small or unordered columns are no identifiers.
head -n 60 people.csv >few.csv
run train few.csv --target kind "${quick[@]}" --json
expect_json '.table.identifiers == ["id", "name", "serial"]'
head -n 12 people.csv >few.csv
run train few.csv --target kind "${quick[@]}" --json
expect_json '.table.identifiers == []'
printf 'x,y,kind\n1,3,a\n2,2,b\n3,1,a\n' >few.csv
run train few.csv --target kind --test 0 --epochs 1 -o m.safetensors --progress never
check 'no identifiers in three rows' bash -c '! grep -q drop err'

# Whole numbers that float32 has made equal are not called a constant of the file.
perl -e 'print "id,x,kind\n"; print 1000000000000 + $_, ",", $_ % 2, ",", qw(a b)[$_ % 2], "\n" for 0 .. 31' >far.csv
run train far.csv --target kind "${quick[@]}" --progress never
expect_err '^1 column has one number in every row as float32, .*; subtract a constant from it, or: --drop id$'
check 'no constant' bash -c '! grep -q "the same value" err'
run train far.csv --target kind "${quick[@]}" --json
expect_json '.table.constant == [] and .table.rounded == ["id"]'
run data info far.csv --target kind
expect_out '^  no missing values · 30 duplicate rows as float32$'
expect_out '^id .* 999,?999,?995,?904 in every row as float32$'
expect_err "^column 'id': float32 holds whole numbers up to 16,777,216"
run data info far.csv --target kind --drop id --json
expect_json '.splits.all.may_be_rounded == false'
run data info far.csv --target kind --json
expect_json '.splits.all.may_be_rounded and (.splits.all.duplicate_rows == 30)'

# Test rows that cannot be scored cost the score, not the model.
rm m.safetensors
awk -F, 'BEGIN { OFS = "," } NR > 1 { $7 = NR % 40 ? 30 + NR % 9 : 20 } { print }' people.csv >full.csv
for seed in 1 2 3 4 5 6 7 8 9; do
    sed '77s/,[0-9]*,\([a-z]*,[0-9.]*,[ab]\)$/,,\1/' full.csv >hole.csv
    run train hole.csv --target kind --drop name,colour --missing refuse --seed "$seed" --epochs 1 \
        -o m.safetensors
    [ -s m.safetensors ] && break
done
expect_code 1
expect_err "hole.csv:77: row 75 .*column 'age' has no value, and the model was trained with"
expect_err 'no test score; the model was saved to m.safetensors'
check 'the model' [ -s m.safetensors ]

# Columns without names are told by their places, which --drop and --categorical take.
awk 'BEGIN { for (r = 0; r < 60; r++) print (r % 2 ? "yes" : "no") "," r * 7 % 60 "," r "," \
    (r == 5 ? "" : r * r % 17) "," (r == 9 ? "odd" : r % 13) }' >bare.csv
run train bare.csv --no-header --target '#1' --epochs 1 -o m.safetensors
expect_code 0
expect_err "another value in every row: --drop 3$"
expect_err "1 cell without a value is filled .*: '4' 1$"
expect_err "column '5': 59 numbers and 1 text, .*--categorical '5'$"
run train bare.csv --no-header --target '#1' --epochs 1 -o m.safetensors --drop 3 --categorical 5 --json
expect_code 0
expect_json '.table.identifiers == []'

finish

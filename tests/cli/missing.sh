#!/usr/bin/env bash
# Which cells of a table are missing, and columns of numbers in which a text stands.
set -eu
. "$(dirname "$0")/lib.sh"

# 200 rows; in row 100, on line 102, the column v holds what is given.
table() {
    awk -v odd="$1" 'BEGIN {
        print "v,w,y"
        for (r = 0; r < 200; r++) {
            print (r == 100 ? odd : r * 37 % 101 / 10) "," r * 13 % 17 "," (r % 2 ? "a" : "b")
        }
    }'
}

# Markers among numbers, in any letters; they are missing, and the column stays one of numbers.
for marker in NaN NAN Nan nan n/a N/A NA Na null NULL Null None none NONE '?' - ''; do
    table "$marker" >t.csv
    run data info t.csv --target y --json
    expect_json '.column_facts[0] | .kind == "number" and .missing == 1 and .maximum == 10'
    check "nothing to tell of '$marker'" [ ! -s err ]
done
# Among names they are what they were: "none" and "-" are names.
printf 'c,x,y\nnone,1,a\nsome,2,b\n-,3,a\nNA,4,b\n' >names.csv
run data info names.csv --target y --json
expect_json '.column_facts[0] | .categories == ["none", "some", "-"] and .missing == 1'
printf 'c,x,y\n-,1,a\n-,2,b\n-,3,a\n' >names.csv
run data info names.csv --target y --json
expect_json '.column_facts[0].categories == ["-"]'
run data info names.csv --target y --json --memory 20
expect_json '.column_facts[0].categories == ["-"]'
# A header may have such names.
printf 'none,x,-\n1,2,3\n4,5,6\n' >header.csv
run data info header.csv --json
expect_json '[.column_facts[].name] == ["none", "x", "-"]'

# A text among numbers is told, with its number and its line; not as an identifier.
told() { printf "^column 'v': 199 numbers and 1 text, the first '%s' in line 102, so all its cells are" "$1"; }
for odd in oops '$5' '5%'; do
    table "$odd" >t.csv
    pattern=$(told "${odd/\$/\\\$}")
    run data info t.csv --target y
    expect_code 0
    expect_err "$pattern"
    run train t.csv --target y --epochs 1 --batch-size 64 --progress never -o m
    expect_code 0
    expect_err "$pattern"
    run train t.csv --target y --epochs 1 --batch-size 64 --progress never -o m --memory 200
    expect_err "$pattern"
    check 'no wrong cure' bash -c '! grep -q -e --drop err'
done
table '"1,234.5"' >t.csv
run train t.csv --target y --epochs 1 --batch-size 64 --json -o m
expect_json '.table.mixed == [{"column": "v", "numbers": 199, "texts": 1, "first_text": "1,234.5", "line": 102}]'
# Counted are cells, not different ones; what is mostly names, or said to be, is told nowhere.
awk 'BEGIN { print "v,y"; for (r = 0; r < 90; r++) print (r % 3 ? 7 : "x") "," r % 2 }' >t.csv
run data info t.csv --target y --json
expect_json '.column_facts[0] | .numbers == 60 and .texts == 30'
expect_err "'v': 60 numbers and 30 texts, the first 'x' in line 2,"
run data info t.csv --target y --categorical v
check 'not told' [ ! -s err ]
awk 'BEGIN { print "v,y"; for (r = 0; r < 90; r++) print (r % 3 ? "x" : 7) "," r % 2 }' >t.csv
run data info t.csv --target y
check 'not told' [ ! -s err ]

# What else is missing can be said, also where it is a number.
awk 'BEGIN { print "v,c,y"; for (r = 0; r < 60; r++)
    print (r % 6 ? r : (r % 12 ? -999 : "gone")) "," (r % 5 ? "red" : "gone") "," (r % 2 ? "a" : "b") }' >t.csv
how=(--missing-value gone --missing-value=-999)
run data info t.csv --target y "${how[@]}" --json
expect_json '[.column_facts[] | [.kind, .missing]] == [["number", 10], ["category", 12]]'
expect_json '.column_facts[0].minimum == 1'
run train t.csv --target y "${how[@]}" --epochs 2 --batch-size 16 --seed 3 -o m --progress never
expect_code 0
run evaluate m t.csv "${how[@]}" --json
expect_code 0
expect_json '.split == "test"'
fails_with 1 "t.csv:2: column 1 'v': 'gone' is not a number" predict m t.csv
run search t.csv 'hidden=2|3' --target y "${how[@]}" --epochs 1 --progress never
expect_out 'scratchml train t.csv .*--missing-value gone --missing-value -999 '

finish

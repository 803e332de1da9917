#!/usr/bin/env bash
# The report for a browser, the terminal and the JSON of the trace have the same numbers: the first two
# to the last digit and in the same order, and what they show is the JSON's number, rounded.
set -eu
. "$(dirname "$0")/lib.sh"

# Numbers and names of a part of a report that have a place in the trace, one a line.
values() { places | cut -f 2; }

# The same behind their places and a tabulator.
places() {
    tr '\n' ' ' | sed 's/−/-/g; s/<\(span\|td\) class=[^>]* data-path=/\n@/g' |
        sed -nE 's/^@"([^"]*)">([^<]*).*/\1\t\2/p' | sed -E 's/&#60;/</g; s/&#62;/>/g; s/&#38;/\&/g; s/ +$//'
}

# Each line of places, and what the JSON has there, rounded to the digits that are shown; or the number
# of the place itself, as of the input with the largest weight.
is_rounded() {
    local filter
    filter=$(cut -f 1 "$2" | sed 's/.*/.&/' | paste -sd ,)
    jq -r ".traces[0] | ($filter) | tostring" "$1" | paste "$2" - | awk -F '\t' '
        function wrong(why) { print $0 ": " why; bad = 1 }
        substr($1, length($1) - length($2) - 1) == "[" $2 "]" { next }
        $2 !~ /[0-9]/ || $2 ~ /[a-df-zA-Z ]/ { if ($2 != $3) wrong("names differ"); next }
        {
            shown = $2; value = $3
            if (shown ~ /%$/) value *= 100
            gsub(/[,%]/, "", shown)
            split(shown, part, "e")
            decimals = part[1] ~ /\./ ? length(part[1]) - index(part[1], ".") : 0
            unit = 10 ^ (part[2] - decimals)
            gap = shown - value
            if ($3 == "null" || gap > 0.5001 * unit || gap < -0.5001 * unit) wrong("another number")
            n++
        }
        END { exit bad || n < 5 }'
}

# Each line of the file given must stand in what the program printed, in this order.
in_order() {
    awk 'NR == FNR { text = text " " $0; next }
        $0 != "" {
            at = index(text, $0)
            if (at == 0) { print "not there: " $0; bad = 1; exit }
            text = substr(text, at + length($0))
        }
        END { exit bad }' "$1" "$2"
}

# agree WHAT FILE ARGUMENT...: the values of FILE's lines, which awk cut out, are in what explain prints.
agree() {
    local what=$1 file=$2
    shift 2
    run explain "$@"
    expect_code 0
    values <"$file" >wanted
    check "$what: there are numbers" test "$(wc -l <wanted)" -ge 5
    check "$what: the same in the terminal" in_order out wanted
    cp out terminal
    places <"$file" >placed
    run explain "$@" --json
    check "$what: the same in the JSON" is_rounded out placed
}

# compare_all MODEL DATA SAMPLE OPTION...
compare_all() {
    local model=$1 data=$2 sample=$3
    local -a asked=("$model" "$data" --sample "$sample" "${@:4}")
    run explain "${asked[@]}" --html r.html --quiet
    expect_code 0
    sed '/<h3>Layer by layer/,$d; 1,/<section id=s0/d' r.html >part
    agree "$data: the sample" part "${asked[@]}" --backward
    while read -r layer unit; do
        # From the unit's summary on to the next summary.
        awk -v start="<details data-layer=$layer data-unit=$unit>" '
            index($0, start) { on = 1; next }
            /^<details|^<h2|^<h3|^<section|^<\/section/ { on = 0 }
            on' r.html >part
        agree "$data: layers.$layer unit $unit" part \
            "${asked[@]}" --layer "$layer" --unit "$unit" --backward
    done < <(grep -oE 'data-layer=[0-9]+ data-unit=[0-9]+' r.html | tr -c '0-9\n' ' ' | awk 'NR % 5 == 1')
    while read -r layer; do
        awk -v start="<details data-layer=$layer>" '
            index($0, start) { on = 1; next }
            /^<details/ { on = 0 }
            on' r.html >part
        agree "$data: layers.$layer" part \
            "${asked[@]}" --layer "$layer" --backward --top 16
    done < <(grep -oE '<details data-layer=[0-9]+><summary>' r.html | grep -oE '[0-9]+')
}

run train spirals --hidden 12,7 --epochs 5 --quiet -o m.safetensors
compare_all m.safetensors spirals 17
# Both comparisons find one digit that differs.
sed -E '3s/[0-8]$/9/; 3t; 3s/$/1/' wanted >planted
checks=$((checks + 1))
if in_order terminal planted >/dev/null; then
    fail 'a planted digit is found'
fi
sed -E '4s/[0-8]$/9/; 4t; 4s/$/1/' placed >planted
checks=$((checks + 1))
if is_rounded out planted >/dev/null; then
    fail 'a planted digit is found in the JSON'
fi
run train regression --hidden 6 --normalization layer --activation tanh --epochs 2 --quiet -o r.safetensors
compare_all r.safetensors regression 2

# A table with scaled numbers, categories, missing cells and weights of classes.
awk 'BEGIN {
    split("blue red amber", colour); print "size,colour,age,class"
    for (i = 0; i < 90; i++) {
        s = (i * 37) % 101 / 8 + 0.001
        c = colour[int(i * i / 7) % 3 + 1]
        print s "," (i % 11 == 5 ? "" : c) "," (i % 7 == 3 ? "" : 20 + i * 13 % 50) "," \
            (s > 9 || c == "red" && i % 2 ? "yes" : "no")
    }
}' >t.csv
run train t.csv --target class --hidden 5 --class-weight balanced --epochs 4 --quiet -o t.safetensors
expect_code 0
for sample in 5 16; do
    compare_all t.safetensors t.csv "$sample" --split all
done
# Batch norm as a training step sees it, in a batch, and as a prediction does.
run train spirals --hidden 9 --normalization batch --epochs 2 --quiet -o b.safetensors
compare_all b.safetensors spirals 3
compare_all b.safetensors spirals 3 --training

# Several labels of a row.
array() { # TYPE SHAPE: standard input as an NPY file
    printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' \
        "{'descr': '$1', 'fortran_order': False, 'shape': $2, }"
    cat
}
perl -e 'binmode STDOUT; print pack "f<2", ($_ * 7 % 13) / 6 - 1, ($_ * 5 % 17) / 8 - 1 for 0 .. 59' |
    array '<f4' '(60, 2)' >x.npy
perl -e 'binmode STDOUT; print pack "C3", $_ * 7 % 13 > 6, $_ * 5 % 17 > 8, $_ % 3 == 0 for 0 .. 59' |
    array '|u1' '(60, 3)' >y.npy
run train x.npy --target y.npy --hidden 6 --epochs 4 --quiet -o l.safetensors
expect_code 0
compare_all l.safetensors x.npy 4 --target y.npy

# Pictures, with a layer of which a report has the largest units only.
mkdir pictures
perl -e '
    for my $set (["train", 40], ["t10k", 12]) {
        my ($name, $n) = @$set;
        open my $x, ">:raw", "pictures/$name-images-idx3-ubyte";
        open my $y, ">:raw", "pictures/$name-labels-idx1-ubyte";
        print $x pack "N4", 0x803, $n, 9, 8;
        print $y pack "N2", 0x801, $n;
        for my $s (0 .. $n - 1) {
            print $y pack "C", $s % 3;
            print $x pack "C72", map { ($s * 13 + $_ * 5 * ($s % 3 + 1)) % 256 } 0 .. 71;
        }
    }'
run train pictures --hidden 100 --epochs 2 --batch-size 8 --quiet -o p.safetensors
expect_code 0
compare_all p.safetensors pictures 1
check 'units are left out' test "$(grep -o 'data-layer=0 data-unit=' r.html | wc -l)" -lt 100

finish

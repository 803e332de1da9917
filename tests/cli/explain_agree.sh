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

compare_all() {
    local model=$1 data=$2 sample=$3
    run explain "$model" "$data" --sample "$sample" --html r.html --quiet
    expect_code 0
    sed '/<h3>Layer by layer/,$d; 1,/<section id=s0/d' r.html >part
    agree "$data: the sample" part "$model" "$data" --sample "$sample" --backward
    while read -r layer unit; do
        # From the unit's summary on to the next summary.
        awk -v start="<details data-layer=$layer data-unit=$unit>" '
            index($0, start) { on = 1; next }
            /^<details|^<h2|^<h3|^<section|^<\/section/ { on = 0 }
            on' r.html >part
        agree "$data: layers.$layer unit $unit" part \
            "$model" "$data" --sample "$sample" --layer "$layer" --unit "$unit" --backward
    done < <(grep -oE 'data-layer=[0-9]+ data-unit=[0-9]+' r.html | tr -c '0-9\n' ' ' | awk 'NR % 5 == 1')
    while read -r layer; do
        awk -v start="<details data-layer=$layer>" '
            index($0, start) { on = 1; next }
            /^<details/ { on = 0 }
            on' r.html >part
        agree "$data: layers.$layer" part \
            "$model" "$data" --sample "$sample" --layer "$layer" --backward --top 16
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

finish

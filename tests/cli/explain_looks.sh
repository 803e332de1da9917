#!/usr/bin/env bash
# What explain draws, in a report for a browser and in the terminal, by the numbers of its JSON.
set -eu
looks=$(realpath "$(dirname "$0")/looks.pl")
. "$(dirname "$0")/lib.sh"

# Pictures of 5 lines of 6, of three classes: IDX files.
mkdir pictures
perl -e '
    for my $set (["train", 40], ["t10k", 12]) {
        my ($name, $n) = @$set;
        open my $x, ">:raw", "pictures/$name-images-idx3-ubyte";
        open my $y, ">:raw", "pictures/$name-labels-idx1-ubyte";
        print $x pack "N4", 0x803, $n, 5, 6;
        print $y pack "N2", 0x801, $n;
        for my $s (0 .. $n - 1) {
            my $class = $s % 3;
            print $y pack "C", $class;
            print $x pack "C30", map {
                my ($line, $column) = (int($_ / 6), $_ % 6);
                $column == 2 * $class || $line == $class + 1 ? 200 + ($s * 7 + $_) % 56
                    : ($s * 13 + $_ * 5) % 7 == 0 ? 60 : 0;
            } 0 .. 29;
        }
    }'

# All numbers of a document as lines of path and value.
numbers() {
    jq -r '.traces[0] as $t | ($t.sources | to_entries[] | "sources.\(.key)\t\(.value)"),
        ($t | del(.sources) | paths(scalars) as $p | [($p | map(if type == "number" then "[\(.)]"
            else "." + . end) | join("") | ltrimstr(".")), (getpath($p) | tostring)] | join("\t"))' "$1"
}

# look PART ARGUMENT...: a part of r.html beside what explain prints with the arguments.
look() {
    local part=$1
    shift
    run explain "$@" --json
    expect_code 0
    numbers out >numbers.tsv
    COLUMNS=200 run explain "$@" --color always
    cp out coloured
    COLUMNS=200 run explain "$@"
    cp out plain
    code=0
    perl "$looks" r.html "$part" numbers.tsv coloured plain >out 2>err || code=$?
    check "$part: as the numbers say" [ "$code $(wc -l <out)" = '0 1' ]
    cat out >>seen
}

# seen KIND LEAST: so many of them were looked at.
seen() {
    local n
    n=$(awk -v kind="$1" '{ for (i = 1; i < NF; i++) if ($i == kind) n += $(i + 1) } END { print n + 0 }' seen)
    check "$1: $n of at least $2" [ "$n" -ge "$2" ]
}

look_at() {
    local model=$1 data=$2 sample=$3 layer unit
    run explain "$model" "$data" --sample "$sample" --html r.html --quiet
    expect_code 0
    look sample "$model" "$data" --sample "$sample" --backward
    while read -r layer unit; do
        look "$layer $unit" "$model" "$data" --sample "$sample" --layer "$layer" --unit "$unit" --backward
    done < <(grep -oE 'data-layer=[0-9]+ data-unit=[0-9]+' r.html | tr -c '0-9\n' ' ')
}

run train pictures --hidden 5 --activation tanh --epochs 4 --batch-size 8 --quiet -o p.safetensors
expect_code 0
look_at p.safetensors pictures 2
seen bright 50
seen dark 50
run train regression --hidden 6 --epochs 3 --quiet -o r.safetensors
look_at r.safetensors regression 5
seen plus 60
seen minus 60
seen places 1000

# The colours have their names: of what is drawn, and in the words above it, on white and on black.
awk '/^:root|^@media\(prefers/' r.html | tr '{};' '\n' | sed -n 's/^--\(plus\|minus\):#/\1 /p' >colours
check 'each twice' [ "$(wc -l <colours)" -eq 4 ]
while read -r name colour; do
    red=$((16#${colour:0:2})) blue=$((16#${colour:4:2}))
    if [ "$name" = plus ]; then
        check 'blue' [ "$blue" -gt "$red" ]
    else
        check 'orange' [ "$red" -gt "$blue" ]
    fi
done <colours
for rule in 'i.plus{background:var(--plus)}' 'i.minus{background:var(--minus)}' \
    'use.plus{stroke:var(--plus)}' 'use.minus{stroke:var(--minus)}' \
    '<span style="color:var(--plus)">blue is positive</span>' \
    '<span style="color:var(--minus)">orange is negative</span>'; do
    check "$rule" grep -qF "$rule" <(tr '\n' ' ' <r.html)
done

finish

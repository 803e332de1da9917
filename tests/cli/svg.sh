#!/usr/bin/env bash
# data show --svg: all rows as points, what a model says behind them, and what is refused.
set -eu
. "$(dirname "$0")/lib.sh"

# Dots of the colour of class $1 in file $2.
dots() { grep -oE "class=\"dots s$1\" d=\"[^\"]+" "$2" | grep -o 'h0' | wc -l; }

run data show moons --svg moons.svg
expect_code 0
expect_out '^drawn to moons.svg$'
check 'a dot for each row' [ "$(dots 0 moons.svg)" -eq 500 ]
check 'a dot for each row' [ "$(dots 1 moons.svg)" -eq 500 ]
check 'no model, no shading' bash -c "! grep -q 'fill-opacity\|class=\"border\"' moons.svg"
check 'a title' grep -q '<title>moons</title>' moons.svg
check 'a description' grep -qE '<desc>1,000 of 1,000 rows' moons.svg
check 'for dark screens too' grep -q 'prefers-color-scheme:dark' moons.svg
run data show moons --split train --seed 7 --svg again.svg --json
expect_json '.svg == "again.svg"'
check 'the train part' [ "$(dots 0 again.svg)" -eq 1500 ]

run train separable --hidden '' --epochs 60 --learning-rate 0.1 --quiet -o line.safetensors
expect_code 0
run data show separable --model line.safetensors --svg line.svg
expect_code 0
check 'shading' grep -q 'fill-opacity' line.svg

# A network without hidden layers parts the plane by a line, and this set by one that lies near
# 0.6 x + 0.8 y = 0.2. The picture's own ticks say where its points are: the dots' numbers undone.
line_of() {
    awk -v RS='<' '
    /^path class="grid" d="M[0-9.]+ [0-9.]+V/ { split($0, f, /[M V]/); at = f[4]; axis = "x" }
    /^path class="grid" d="M[0-9.]+ [0-9.]+H/ { split($0, f, /[M H]/); at = f[5]; axis = "y" }
    /^text .*class="number/ {
        sub(/^[^>]*>/, ""); sub(/\342\210\222/, "-"); n[axis]++
        if (n[axis] == 1) { from[axis] = at; low[axis] = $0 } else { to[axis] = at; high[axis] = $0 }
    }
    /^path class="border"/ { sub(/.* d="M/, ""); sub(/".*/, ""); border = $0 }
    END {
        k = split(border, p, /[ML ]/); pairs = 0; worst = 0
        for (i = 1; i < k; i += 2) {
            x = low["x"] + (p[i] - from["x"]) / (to["x"] - from["x"]) * (high["x"] - low["x"])
            y = low["y"] + (p[i + 1] - from["y"]) / (to["y"] - from["y"]) * (high["y"] - low["y"])
            far = 0.6 * x + 0.8 * y - 0.2; if (far < 0) far = -far
            if (far > worst) worst = far
            pairs++
        }
        print pairs, worst
    }' "$1"
}
read -r points worst <<<"$(line_of line.svg)"
check "a border ($points points, at most $worst from the true line)" \
    awk -v n="$points" -v d="$worst" 'BEGIN { exit !(n > 200 && d < 0.1) }'

# Tables of two columns, and what has more.
printf '1 2\n3 4\n5 9\n' >three.txt
run data show three.txt --svg three.svg
expect_code 0
check 'three dots' [ "$(dots 0 three.svg)" -eq 3 ]
printf '0 0\n0 0\n' >same.txt
run data show same.txt --svg same.svg
expect_code 0
check 'no value that is none' bash -c "! grep -qi 'nan\|inf' same.svg"
fails_with 2 '--svg draws classes over two columns.*regression has 10 columns' \
    data show regression --svg no.svg
for option in '--sample 3' '--count 9' '--mistakes --model line.safetensors'; do
    # Split on purpose: an option and its value.
    # shellcheck disable=SC2086
    fails_with 2 "--svg draws all rows; leave ${option%% *} out" \
        data show moons --svg no.svg $option
done
fails_with 1 'no/such/x.svg: cannot write' data show moons --svg no/such/x.svg
train_spirals m.safetensors
fails_with 1 '.' data show three.txt --model missing.safetensors --svg no.svg
run data show xor --model m.safetensors --svg other.svg
expect_code 0
check 'nothing was left behind' [ -z "$(find . -name 'no.svg' -o -name '*.tmp')" ]

finish

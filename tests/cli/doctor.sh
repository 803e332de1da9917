#!/usr/bin/env bash
# doctor: what it prints, its JSON and exit codes; what train says of the same.
set -eu
. "$(dirname "$0")/lib.sh"

run doctor moons --hidden 16 --quiet
expect_code 0
expect_out '^doctor: no finding on moons, 2-16-2, adam, batch 128$'
check 'the loss and no more in health' [ "$(wc -l <out)" -eq 3 ]
expect_narrow 80
check 'quiet' [ ! -s err ]
check 'nothing is saved' [ -z "$(find . -name '*safetensors*')" ]

sick='--hidden 16,16 --optimizer sgd --learning-rate 1e6 --epochs 2'
# shellcheck disable=SC2086
run doctor moons $sick --quiet
expect_code 1
expect_out '^doctor: 1 finding on moons, 2-16-16-2, sgd, learning rate 1000000(\.0)?, batch 128$'
expect_out '^ERROR learning_rate_too_large: '
expect_out '^  why   '
expect_out '^  try   --learning-rate [0-9.e-]+$'
expect_out 'tried learning rate .* learns$'
expect_narrow 80
check 'no escapes' bash -c "! grep -qP '\x1b' out"
cp out with_trials

# shellcheck disable=SC2086
run doctor moons $sick --quiet --no-trials
expect_code 1
check 'nothing was tried' bash -c '! grep -q tried out'

# shellcheck disable=SC2086
run doctor moons $sick --quiet --color always
expect_code 1
check 'colours only colour' cmp with_trials <(sed 's/\x1b\[[0-9;]*m//g' out)

# shellcheck disable=SC2086
run doctor moons $sick --quiet --json
expect_code 1
expect_json '.data == "moons" and (.findings | length) >= 1'
expect_json '.findings[0] | .code == "learning_rate_too_large" and .severity == "error"'
expect_json '.findings[0] | (.evidence | length) > 0 and all(.evidence[]; .name != "")'
expect_json '.findings[0] | .step > 0 and .epoch == 1 and .follows_from == null'
# What is told was tried, of three digits, and it is the rate that learned.
expect_json '.findings[0] | .tried and (.try | sub("--learning-rate "; "")) as $rate |
    any(.evidence[]; (.name | contains("tried learning rate \($rate),")) and .unit == "learns")'
# shellcheck disable=SC2086
run doctor moons $sick --quiet --json --no-trials
expect_json '.findings[0].tried | not'

# The loss as bars, digits without Unicode: highest where it is largest, and in numbers.
LC_ALL=C run doctor moons --hidden 16 --quiet
expect_out '^  loss  7[0-7]+$'
cp out ascii
LC_ALL=C.UTF-8 run doctor moons --hidden 16 --quiet
check 'bars are the digits' cmp out <(sed '2y/01234567/▁▂▃▄▅▆▇█/' ascii)
run doctor moons --hidden 16 --quiet --json
expect_json '.losses.batches_each >= 1 and (.losses.means | length) > 1'
line=$(jq -r '.losses.means | "first \(first) least \(min) most \(max) last \(last)"' out |
    LC_ALL=C awk '{printf "        first %.4g, least %.4g, most %.4g, last %.4g", $2, $4, $6, $8}')
check 'numbers' grep -qxF "$line" ascii

# What follows from another is counted apart.
dying='--hidden 32,32,32 --batch-size 1 --optimizer sgd --learning-rate 0.3 --epochs 3'
# shellcheck disable=SC2086
run doctor spirals $dying --no-trials --quiet --json
own=$(jq '[.findings[] | select(.follows_from == null and .severity != "note")] | length' out)
following=$(jq '[.findings[] | select(.follows_from != null)] | length' out)
check 'one of its own' [ "$own" -ge 1 ]
check 'one follows' [ "$following" -ge 1 ]
# shellcheck disable=SC2086
run doctor spirals $dying --no-trials --quiet
expect_out "^doctor: $own findings? \(and $following that follows?\) on spirals"

# The same in every locale.
check 'no decimal commas' env LC_ALL=de_DE.UTF-8 bash -c \
    "'$SCRATCHML' doctor moons $sick --quiet --color never >german; cmp german with_trials"

# train says it in two lines, behind its own; with --quiet not.
run train moons --hidden 16 --init equal --epochs 3
expect_code 0
expect_err '^doctor: layers\.0: all 16 units are the same unit$'
expect_err '^        try --init auto; why: scratchml doctor moons --hidden 16 --init equal --epochs 3$'
run train moons --hidden 16 --init equal --epochs 3 --quiet
check 'quiet' [ ! -s err ]
run train moons --hidden 16 --init equal --epochs 3 --quiet --json
expect_json '.findings[0] | .code == "equal_weights" and .layer == 0 and .try == "--init auto"'
run train moons --hidden 16 --epochs 3 --json
expect_json '.findings == []'
check 'silent in health' bash -c '! grep -q doctor err'
# shellcheck disable=SC2086
run train moons $sick
expect_code 1
expect_err '^doctor: the loss is no longer finite in epoch 1'

fails_with 2 'unknown option --output' doctor moons --output x
fails_with 2 'expected DATA' doctor
fails_with 1 'nowhere.csv' doctor nowhere.csv

finish

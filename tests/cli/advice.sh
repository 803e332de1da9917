#!/usr/bin/env bash
# Every command that mistakes, explain, train and doctor advise runs as it stands, and speaks of the
# same rows.
set -eu
. "$(dirname "$0")/lib.sh"

# advised PATTERN FILE: the command in the last line of the file that has one.
advised() { sed -nE "s/^.*(scratchml $1.*)\$/\1/p" "$2" | tail -n 1; }

# obey COMMAND: runs what was advised, as a shell reads it.
obey() {
    last_command=$1
    code=0
    eval "\"\$SCRATCHML\" ${1#scratchml }" >out 2>err </dev/null || code=$?
}

# follow WHAT MODEL DATA OPTION...: from mistakes to the mistakes of a pair, to its worst sample, and
# to a unit of it.
follow() {
    local what=$1 sample label says loss pair part in_part
    shift
    run mistakes "$@"
    expect_code 0
    cp out listed
    run mistakes "$@" --json
    expect_code 0
    read -r sample label says loss < <(jq -r '.samples[0] |
        "\(.sample) \(.label) \(.prediction) \(.loss)"' out)
    part=$(jq -r .split out)
    in_part=", part $part"
    [ "$part" != null ] || in_part= # all rows of a file are no part
    pair=$(jq -c '[.confusion | to_entries[] | .key as $t | .value | to_entries[] |
        select(.key != $t) | [.value, -$t, -.key]] | max | [.[0], -.[1], -.[2]]' out)
    cp out document

    obey "$(advised mistakes listed)"
    expect_code 0
    check "$what: the same rows, the same matrix" cmp <(sed -n '1,/^most often/p' listed) \
        <(sed -n '1,/^most often/p' out)
    obey "$(advised mistakes listed) --json --count 10000"
    expect_code 0
    check "$what: the commonest pair" jq -en --slurpfile d out --argjson pair "$pair" \
        '$d[0].found == $pair[0] and $d[0].confusion[$pair[1]][$pair[2]] == $pair[0]'
    check "$what: judged as before" \
        [ "$(jq -c .labels.judged_by out)" = "$(jq -c .labels.judged_by document)" ]

    obey "$(advised explain listed)"
    expect_code 0
    expect_out "^sample $sample of [^,]*$in_part · label $label · says $says, "
    cp err noted
    obey "$(advised explain listed) --json"
    check "$what: the same sample" jq -e --arg name "$label" --argjson loss "$loss" \
        '.traces[0].samples[0] | .label_name == $name and
            (.loss.value / $loss - 1 | fabs) < 1e-5' out
    check "$what: of the same part" [ "$(jq -r '.traces[0].data.split' out)" = "$part" ]

    obey "$(advised explain noted)"
    expect_code 0
    expect_out "^layers\.0 unit [0-9]+ · sample $sample$"
}

run train spirals --hidden 8 --epochs 5 --validation 0.2 --quiet -o v.safetensors
expect_code 0
for part in train validation test; do
    follow "validation rows, $part" v.safetensors spirals --split "$part"
done
follow 'a part by default' v.safetensors spirals
follow 'other rows' v.safetensors spirals --seed 9
follow 'judged by folds' v.safetensors spirals --split train --folds 2 --quiet

# A file: its own way to write, a category that the model does not know, and a name with a blank.
awk 'BEGIN {
    for (r = 0; r < 300; r++) {
        c = r == 150 ? "rare" : substr("abc", r % 3 + 1, 1)
        y = (r * 37 % 101 > 40 + r % 20) ? "yes" : "no"
        print (r == 7 ? "none" : r * 37 % 101 / 101) ";" c ";" y
    }
}' >'a file.csv'
shape=(--no-header --delimiter ';' --missing-value none)
for ((seed = 1; seed < 20; seed++)); do
    run train 'a file.csv' "${shape[@]}" --target '#3' --epochs 2 --validation 0.2 --seed "$seed" \
        --quiet -o 'a model.safetensors'
    expect_code 0
    if ! "$SCRATCHML" mistakes 'a model.safetensors' 'a file.csv' "${shape[@]}" --split all \
        >out 2>err; then
        break
    fi
done
check 'the model has not seen the category' grep -q "unknown category 'rare'.*--unknown zeros" err
for part in train validation test all; do
    follow "a file, $part" 'a model.safetensors' 'a file.csv' "${shape[@]}" --split "$part" \
        --unknown zeros
done
# What the refusal advises is taken by each command that refuses.
for command in explain mistakes check evaluate predict; do
    row=()
    case $command in
    explain | predict) row=(--sample 150) ;;
    check) row=(--samples 200) ;;
    esac
    asked=("$command" 'a model.safetensors' 'a file.csv' "${shape[@]}" --split all "${row[@]}")
    fails_with 1 "unknown category 'rare'.*--unknown zeros lets" "${asked[@]}"
    run "${asked[@]}" --unknown zeros
    expect_code 0
done
show=(data show 'a file.csv' "${shape[@]}" --target '#3' --model 'a model.safetensors' --sample 150)
fails_with 1 "unknown category 'rare'.*--unknown zeros lets" "${show[@]}"
run "${show[@]}" --unknown zeros
expect_code 0
fails_with 2 '--unknown is for --model' data show 'a file.csv' --unknown zeros

# What explain was told stays told.
run explain v.safetensors spirals --split validation --sample 5 --should-be 2 --set 'layers.0.bias[1]=-2' \
    --silence 0:3 --silence 0:4 --batch 3 --backward --training
cp err noted
obey "$(advised explain noted) --json"
expect_code 0
expect_json '.traces[1] | .mode == "training" and .batch.rows == 3 and .samples[0].sample == 5 and
    .samples[0].label == 2'
expect_json '.traces[0].what_if.edits | length == 3'

# train: the doctor sees the same run. What it says to try is an option that train takes.
run train moons --hidden 16 --init equal --epochs 3 --test 0 --quiet -o m.safetensors
run train moons --hidden 16 --init equal --epochs 3
cp err noted
obey "$(advised doctor noted) --json"
expect_code 1
expect_json '.findings[0].code == "equal_weights"'
tried=$(jq -r '.findings[0].try' out)
obey "scratchml train moons --hidden 16 --epochs 3 $tried"
expect_code 0
check 'it helps' bash -c '! grep -q doctor err'

# Its advice on labels names another command.
awk 'BEGIN {
    seed = 7
    print "x,y,class"
    for (i = 0; i < 600; i++) {
        for (k = 0; k < 2; k++) {
            seed = (seed * 16807) % 2147483647
            p[k] = seed / 2147483647 - 0.5
        }
        is = i % 2
        print p[0] + 1.2 * is "," p[1] - 1.2 * is "," ((i % 10 == 3 ? 1 - is : is) == 1 ? "right" : "left")
    }
}' >clouds.csv
options=(clouds.csv --target class --hidden 16 --epochs 40 --quiet)
run doctor "${options[@]}"
expect_code 1
expect_out '^WARNING wrong_labels: '
wanted=$(tr -s ' \n' ' ' <out | sed -nE "s/.*'(scratchml mistakes MODEL DATA [^']*)' lists.*/\1/p")
check 'a command is advised' [ -n "$wanted" ]
sed -nE "s/^ +row ([0-9]+): is '(left|right)' .*/\1 \2/p" out >named
check 'rows are named' [ "$(wc -l <named)" -eq 10 ]
while read -r row label; do # of the file, which has a line of names
    check "row $row of the file" [ "$(sed -n "$((row + 2))s/.*,//p" clouds.csv)" = "$label" ]
    check "row $row was changed" [ $((row % 10)) -eq 3 ]
done <named
run train "${options[@]}" -o clouds.safetensors
expect_code 0
wanted=${wanted/MODEL/clouds.safetensors}
obey "${wanted/DATA/clouds.csv} --count 100 --quiet --json"
expect_code 0
expect_json '.found >= 30 and .labels.judged_by == "folds"'
rows=$(cut -d' ' -f1 named | jq -s .)
# Each draws its own fifths, so a hard row may be in one list alone.
expect_json "$rows - [.samples[].sample] | length <= 2"
expect_json '[.samples[].suspect_of] | all(. == "left" or . == "right")'

finish

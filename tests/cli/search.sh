#!/usr/bin/env bash
# search: ranking, CSV, journal, Ctrl-C.
set -eu
. "$(dirname "$0")/lib.sh"

space=('learning_rate=log:1e-4..1e-1' 'hidden=4|16' 'optimizer=adam|sgd')
run search spirals "${space[@]}" --epochs 9 --trials 9 --csv r.csv --quiet
expect_code 0
expect_out '^rank +trial +epochs +accuracy +loss +learning_rate +hidden +optimizer *$'
expect_out '^ +1 +[0-9]+ +9 +0\.[0-9]+ '
head -n -1 out >table # the last line is for the shell
expect_narrow 80 table
check 'a header and a row for each trial' [ "$(wc -l <r.csv)" -eq 10 ]
check 'nothing beside the CSV file' [ ! -e r.csv.tmp ]
check 'columns of the CSV file' \
    grep -qx 'rank,trial,rung,epochs,metric,accuracy,loss,seconds,settings' r.csv

# The last line is a command that works, and trains with the settings of the first row.
winner=$(tail -n 1 out)
settings=$(sed -n '2s/.*"\(.*\)"$/\1/p' r.csv)
check 'the winner as a command' [ "$winner" = "scratchml train spirals --epochs 9 $(
    sed -E 's/([^ =]+)=/--\1 /g; s/learning_rate/learning-rate/' <<<"$settings"
)" ]
read -r -a words <<<"${winner#scratchml }"
run "${words[@]}" --quiet -o winner.safetensors
expect_code 0

run search spirals "${space[@]}" --epochs 9 --trials 9 --quiet --json
expect_json '.rungs == 3 and .trainings == 13 and .metric_name == "accuracy"'
expect_json '[.ranking[].rank] == [range(1; 10)] and ([.ranking[].trial] | sort) == [range(9)]'
expect_json '[.ranking[].epochs] == [9, 3, 3, 1, 1, 1, 1, 1, 1]'
expect_json '[.ranking[3:][].metric] | . == (sort | reverse)'
jq -c 'del(.ranking[].seconds)' out >expected

run search spirals "${space[@]}" --epochs 9 --trials 9 --quiet --json --threads 1
check 'one thread, the same ranking' [ "$(jq -c 'del(.ranking[].seconds)' out)" = "$(cat expected)" ]

# A journal: nothing is trained twice, and times are those of the first run.
run search spirals "${space[@]}" --epochs 9 --trials 9 --quiet --json --journal j
check 'the same with a journal' [ "$(jq -c 'del(.ranking[].seconds)' out)" = "$(cat expected)" ]
check 'a line a training' [ "$(wc -l <j/results.jsonl)" -eq 13 ]
head -n 5 j/results.jsonl >some
printf '{"trial":1,"ru' >>some
mv some j/results.jsonl
run search spirals "${space[@]}" --epochs 9 --trials 9 --quiet --json --journal j
check 'the same after a kill' [ "$(jq -c 'del(.ranking[].seconds)' out)" = "$(cat expected)" ]
check 'only the missing ones were trained' [ "$(wc -l <j/results.jsonl)" -eq 13 ]
fails_with 1 'journal is of another search: seed differs' \
    search spirals "${space[@]}" --epochs 9 --trials 9 --seed 1 --journal j --quiet

# A grid has all combinations.
run search spirals 'hidden=4|8' dropout=0..0.5/3 --grid --eta 1 --epochs 2 --quiet --json
expect_json '.trainings == 6 and ([.ranking[].settings] | unique | length) == 6'
run search regression 'hidden=4|8' --grid --metric r2 --epochs 3 --quiet --json
expect_json '.metric_name == "r2" and .ranking[0].metric < 1'

fails_with 2 'expected DATA NAME=VALUES' search spirals
fails_with 2 "did you mean 'learning_rate'" search spirals learning_rat=1
fails_with 2 'a grid needs single values' search spirals dropout=0..0.5 --grid
fails_with 2 "dropout: '1.5' is above" search spirals dropout=0..1.5
fails_with 1 "did you mean 'f1'" search spirals 'hidden=4|8' --metric f2
fails_with 1 'every trial diverged' \
    search spirals 'learning_rate=1e30|2e30' --optimizer sgd --epochs 1 --quiet
fails_with 1 'nowhere' search spirals 'hidden=4|8' --csv nowhere/r.csv

# Ctrl-C, then on from the journal.
long=(search spirals 'hidden=4|8' --eta 1 --epochs 1000000)
last_command="${long[*]} --journal k, interrupted"
"$SCRATCHML" "${long[@]}" --journal k >out 2>err &
pid=$!
sleep 1
kill -INT $pid
code=0
wait $pid || code=$?
expect_code 130
expect_silent
expect_err 'interrupted after 0 of 2 trainings; the same command goes on from k$'
run help search
expect_out 'scratchml search mnist'
expect_narrow

finish

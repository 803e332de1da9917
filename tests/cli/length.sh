#!/usr/bin/env bash
# How long a training is where nobody says: of small files long enough, of others as before.
set -eu
. "$(dirname "$0")/lib.sh"

# table ROWS: three classes that two columns tell apart; the numbers follow from the row's.
table() {
    awk -v rows="$1" 'BEGIN {
        print "a,b,kind"
        for (r = 0; r < rows; r++) {
            k = r % 3
            printf "%.3f,%.3f,%s\n", 4.2 + 0.7 * k + (r * 37 % 101) / 100, 2 + k + (r * 53 % 97) / 100,
                substr("xyz", k + 1, 1)
        }
    }'
}
table 150 >small.csv
table 15000 >large.csv

# 120 rows to train on: batches of a tenth, ten of them an epoch.
run train small.csv --target kind -o m.safetensors --progress never
expect_out '· 100 epochs in '
expect_err '^few rows \(120\): --epochs 100 --batch-size 12, which are 1,000 steps$'
run evaluate m.safetensors small.csv --json
expect_json '.accuracy > 0.9'
run train small.csv --target kind -o m.safetensors --json
expect_json '.epochs == 100 and .steps == 1000'
run info m.safetensors --json
expect_json '.settings.epochs == 100 and .settings.batch_size == 12'

# What is given counts, and is not told.
run train small.csv --target kind --epochs 3 -o m.safetensors --json
expect_json '.epochs == 3 and .steps == 30'
run train small.csv --target kind --batch-size 128 -o m.safetensors --json
expect_json '.epochs == 1000 and .steps == 1000'
run train small.csv --target kind --batch-size 128 --epochs 10 -o m.safetensors --progress never
expect_out '· 10 epochs in '
check 'not told' bash -c '! grep -q "few rows" err'
# 108 rows beside those for validation: 10 of them a batch, 11 batches.
run train small.csv --target kind --validation 0.1 -o m.safetensors --json
expect_json '.epochs == 91 and .steps == 1001'
run train small.csv --target kind --from m.safetensors --epochs 2 -o n.safetensors --json
expect_json '.epochs == 2 and .steps == 22'

# A checkpoint has its own, whoever goes on from it.
run train small.csv --target kind --checkpoint c --epochs 4 -o m.safetensors --json
run train small.csv --target kind --checkpoint c --resume -o m.safetensors --json
expect_json '.epochs == 4'

# 12,000 rows are 94 batches; eleven times that passes 1,000.
run train large.csv --target kind --hidden 4 -o m.safetensors --json
expect_json '.epochs == 11 and .steps == 1034'
run train large.csv --target kind --hidden 4 --test 0.1 -o m.safetensors --progress never
expect_out '· 10 epochs in '
check 'not told' bash -c '! grep -q "few rows" err'
run train spirals --hidden 4 -o m.safetensors --progress never
expect_out '· 10 epochs in '
check 'not told' bash -c '! grep -q "few rows" err'

# A search has the same, and says them in the command that trains the winner.
run search small.csv --target kind 'hidden=4|8' --quiet --json
expect_json '[.ranking[].epochs] == [91, 91] or [.ranking[].epochs] == [91, 31]'
run search small.csv --target kind hidden=4 --progress never
expect_err '^the space has 1 combination: each is tried once$'
check 'the winner as a command' [ "$(tail -n 1 out)" = \
    'scratchml train small.csv --target kind --epochs 91 --batch-size 9 --hidden 4' ]
run search small.csv --target kind hidden=4 batch_size=20 --progress never
expect_err '^few rows'
check 'what was searched is said once' [ "$(tail -n 1 out | grep -o batch-size | wc -l)" = 1 ]

finish

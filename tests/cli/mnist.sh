#!/usr/bin/env bash
# MNIST, where it has been fetched.
set -eu
. "$(dirname "$0")/lib.sh"

run data info mnist --json
if [ "$code" -ne 0 ]; then
    echo 'skipped: MNIST is not here (scratchml data fetch mnist gets it)'
    exit 77
fi
expect_json '.splits.train.rows == 60000 and .splits.test.rows == 10000 and .columns == 784'
expect_json '.splits.test.classes | map(.count) == [980,1135,1032,1010,982,892,958,1028,974,1009]'
expect_json '.height == 28 and .width == 28 and .stored_as == "bytes"'

run train mnist --hidden 32 --epochs 1 --quiet --json --threads 1 -o m.safetensors
expect_json '.test.accuracy > 0.9 and .parameters == 785 * 32 + 33 * 10'
run train mnist --hidden 32 --epochs 1 --quiet --json --threads 3 -o three.safetensors
check 'the same bytes with three threads' cmp m.safetensors three.safetensors

run evaluate m.safetensors mnist
expect_out '^accuracy 9[0-9.]+% · loss [0-9.]+ · 10,000 samples$'
expect_narrow
run predict m.safetensors mnist
check 'ten thousand lines' [ "$(wc -l <out)" -eq 10000 ]
LC_ALL=C.UTF-8 run data show mnist --model m.safetensors --mistakes
check 'six mistakes' [ "$(grep -o 'wrong: [0-9] [0-9.]*%' out | wc -l)" -eq 6 ]
expect_narrow
run data show mnist --sample 7 --count 1 --json
expect_json '.samples[0] | .label == "9" and (.features | length) == 784'

finish

#!/usr/bin/env bash
# train: the summary line, its JSON, what goes to which stream, --from.
set -eu
. "$(dirname "$0")/lib.sh"

number='[0-9.]+'
run train spirals --hidden 16 --epochs 30 -o m.safetensors
expect_code 0
fit="30 epochs in $number s · ${number}[kM]? samples/s"
expect_out "^test accuracy $number% · loss $number · $fit · seed 42 · saved to m\.safetensors$"
check 'one line of results' [ "$(wc -l <out)" -eq 1 ]
check 'a line an epoch' [ "$(wc -l <err)" -eq 30 ]
expect_err '^epoch 30/30: loss [0-9.]+, '
check 'no escapes and no carriage returns' bash -c "! grep -qP '[\r\x1b]' out err"
check 'the model is there' [ -s m.safetensors ]
check 'nothing else is' [ "$(find . -name '*safetensors*' | wc -l)" -eq 1 ]

run train spirals --hidden=16 --epochs=30 --seed 7 --quiet --json -o seven.safetensors
expect_code 0
check 'quiet' [ ! -s err ]
expect_json '.test.accuracy > 0.5 and .test.accuracy <= 1'
expect_json '.test.loss > 0 and .train.loss > 0'
expect_json '.epochs == 30 and .steps == 30 * 24 and .seed == 7'
expect_json '.seconds > 0 and .samples_per_second > 0'
expect_json '.model == "seven.safetensors" and .parameters == 16 * 3 + 3 * 17'
check 'another seed gives another model' bash -c '! cmp -s m.safetensors seven.safetensors'

run train spirals --epochs 0 --json -o zero.safetensors
expect_code 0
expect_json '.epochs == 0 and .train.loss == null and .test.loss > 0'

# What train says is what the file remembers.
run train spirals --epochs 2 --quiet --json -o scored.safetensors
accuracy=$(jq .test.accuracy out) loss=$(jq .test.loss out)
run info scored.safetensors --json
expect_json ".receipt.scores | .accuracy == $accuracy and (.loss - $loss | fabs < 1e-8)"
expect_json '.receipt.scores | .data == "spirals" and .split == "test" and .samples == 1000'

# The default file, and a number of samples that fits no batch.
run train spirals --epochs 1 --batch-size 7 --quiet
expect_code 0
check 'the default file' [ -s model.safetensors ]
expect_out '1 epoch in'

run train spirals --epochs 2 --progress never
check 'no progress' [ ! -s err ]

# Regression has no accuracy.
run train regression --hidden 16 --epochs 3 --quiet -o r.safetensors
expect_code 0
expect_out "^test loss $number · R² -?$number · 3 epochs"
run train regression --hidden 16 --epochs 3 --quiet --json -o r.safetensors
expect_json '.test.accuracy == null and .test.loss > 0 and (.test.r2 | type) == "number"'

# --from goes on: no epoch more leaves the parameters, further ones help.
run train spirals --from m.safetensors --epochs 0 --quiet -o same.safetensors
expect_code 0
run predict m.safetensors spirals
cp out before
run predict same.safetensors spirals
check 'no epoch, no change' cmp out before
run evaluate m.safetensors spirals --split train --json
first=$(jq .loss out)
run train spirals --from m.safetensors --epochs 30 --quiet --json -o more.safetensors
expect_json ".train.loss < $first and .epochs == 30"
run info more.safetensors --json
expect_json '.settings.hidden == [16]'
fails_with 1 'nowhere.safetensors' train spirals --from nowhere.safetensors
fails_with 1 'spirals|inputs|columns' train regression --from m.safetensors -o no.safetensors
check 'nothing was written' [ ! -e no.safetensors ]

finish

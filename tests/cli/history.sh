#!/usr/bin/env bash
# train: --history and --curve, early stopping and the time budget in the summary, checkpoints on
# the command line.
set -eu
. "$(dirname "$0")/lib.sh"

number='[0-9.]+'
columns=epoch,loss,accuracy,validation_loss,validation_accuracy,validation_metric,learning_rate,gradient_norm,seconds

# Twice the same training, once as CSV and once as JSON.
training=(train spirals --hidden 16 --epochs 12 --validation 0.2 --schedule cosine)
run "${training[@]}" --history h.csv --curve h.svg -o m.safetensors
expect_code 0
expect_out " · validation accuracy $number% · 12 epochs in "
expect_err "^epoch 12/12: loss $number, validation loss $number, accuracy $number%, .* samples/s"
check 'a line an epoch' [ "$(wc -l <err)" -eq 12 ]
run "${training[@]}" --history h.json --json -o n.safetensors
expect_code 0
expect_json '.ended == "finished" and .resumed_at == 0 and .validation.epoch == 12'
check 'watching changes no bit' cmp m.safetensors n.safetensors
check 'the header' [ "$(head -n 1 h.csv)" = "$columns" ]
check 'a row an epoch' [ "$(wc -l <h.csv)" -eq 13 ]

# Cell for cell: CSV and JSON are two writings of the same doubles, but for the seconds.
check 'CSV and JSON agree' jq -en --rawfile csv h.csv --slurpfile json h.json '
    ($csv | rtrimstr("\n") | split("\n") | map(split(","))) as $rows
    | $rows[0] as $names
    | [$rows[1:][] | [., $names] | transpose
       | map({(.[1]): (.[0] | if . == "" then null else tonumber end)}) | add | del(.seconds)]
    == [$json[0][] | del(.seconds)]'
check 'the loss falls' jq -e '.[-1].loss < 0.8 * .[0].loss' h.json
check 'the learning rate falls with the cosine' \
    jq -e '[.[].learning_rate] | . == (sort | reverse) and .[0] > 20 * .[-1]' h.json
check 'shares and norms' jq -e 'all(.[]; .accuracy > 0 and .accuracy <= 1
    and .validation_accuracy > 0 and .validation_accuracy <= 1 and .gradient_norm > 0)' h.json
check 'time goes on' jq -e '[.[].seconds] | . == sort and .[0] > 0' h.json

# The scores are those of the rows that are told to be kept apart: 0.2 of 3,000, so whole rows.
check 'accuracy counts rows' jq -e 'all(.[]; (.validation_accuracy * 600 | . - round | fabs) < 1e-6
    and (.accuracy * 2400 | . - round | fabs) < 1e-6)' h.json

# The picture.
check 'well-formed XML' perl -0777 -ne '
    s/<\?.*?\?>//s;
    my @open;
    while (/<(\/?)([a-z]+)((?:\s+[A-Za-z:-]+="[^"<]*")*)\s*(\/?)>|<|&(?!(?:amp|lt|gt|quot|#\d+);)/g) {
        defined $2 or exit 1;
        if ($1) { (pop(@open) // "") eq $2 or exit 1 } elsif (!$4) { push @open, $2 }
    }
    exit(@open ? 1 : 0)' h.svg
check 'two panels with two lines each' [ "$(grep -oE 'class="line( dashed)? s[01]" d="M[^"]*L' \
    h.svg | wc -l)" -eq 4 ]
check 'no value that is none' bash -c "! grep -qi 'nan\|inf' h.svg"
check 'it is named' grep -q '<title>spirals</title>' h.svg

# Without validation its cells are empty; regression has no accuracy.
run train regression --epochs 2 --quiet --history r.csv -o r.safetensors
check 'empty cells' grep -qE "^2,$number,,,,,0.001,$number,$number(e-[0-9]+)?$" r.csv
run train regression --epochs 2 --quiet --history r.json --validation 0.1 -o r.safetensors
expect_out " · validation loss $number · 2 epochs"
run train spirals --epochs 2 --quiet --history f.json --early-stopping macro_f1 -o f.safetensors
check 'the metric that stops' jq -e 'all(.[]; .validation_metric > 0 and .validation_metric <= 1
    and .validation_metric != .validation_loss)' f.json
check 'null in JSON' jq -e 'all(.[]; .accuracy == null and .validation_loss > 0)' r.json

# Early stopping keeps a tenth apart unless told otherwise, and says what the best epoch was.
run train spirals --hidden 16 --epochs 500 --learning-rate 0.05 --early-stopping loss \
    --patience 3 --history s.json --curve s.svg --json -o s.safetensors
expect_code 0
expect_json '.ended == "stopped early" and .validation.is_best and .epochs < 500'
epochs=$(jq .epochs out)
best=$(jq .validation.epoch out)
check 'it waited for three epochs' [ "$epochs" -eq $((best + 3)) ]
check 'the best is the smallest loss' \
    jq -e "(map(.validation_loss) | index(min)) + 1 == $best" s.json
check 'the picture marks it' grep -q "best epoch $best" s.svg
run train spirals --hidden 16 --epochs 500 --learning-rate 0.05 --early-stopping loss \
    --patience 3 --validation 0.1 --quiet -o t.safetensors
expect_out " · validation accuracy $number% at best epoch $best · $epochs epochs in $number s, stopped early · "
check 'a tenth is what it takes' cmp s.safetensors t.safetensors
fails_with 1 'no validation rows' train spirals --early-stopping loss --validation 0

# The time budget: the model is there, and it did not take much longer.
began=$(date +%s%N)
run train spirals --epochs 1000000 --time-budget 0.5s --quiet -o b.safetensors
expect_out "epochs? in $number s, out of time · "
check 'it ends' [ $(($(date +%s%N) - began)) -lt 20000000000 ]
run info b.safetensors --json
expect_json '.receipt.ended == "out of time"'

# Checkpoints: none there yet; nothing left to do; other settings; other places in the epoch.
run train spirals --epochs 3 --checkpoint c.ckpt --resume -o c.safetensors
expect_code 0
expect_err '^no checkpoint c.ckpt yet: starting from the beginning$'
run train spirals --epochs 3 --checkpoint c.ckpt --resume --quiet --json -o again.safetensors
expect_json '.resumed_at == 72 and .epochs == 3'
check 'nothing was left to train' cmp c.safetensors again.safetensors
run train spirals --checkpoint c.ckpt --resume --quiet -o again.safetensors
expect_code 0
check 'settings are the checkpoint'"'"'s' cmp c.safetensors again.safetensors
fails_with 1 'it has --epochs 3, not 4' train spirals --epochs 4 --checkpoint c.ckpt --resume
run train spirals --epochs 1 --checkpoint c.ckpt --checkpoint-every 1h -o c.safetensors
expect_err '^c.ckpt is there and will be replaced; --resume goes on from it$'

# What makes no sense together, or is no number.
fails_with 2 '--resume needs --checkpoint' train spirals --resume
fails_with 2 '--checkpoint-every needs --checkpoint' train spirals --checkpoint-every 3
for value in 0 -1 1.5 3x 30S nan 1e9 '' 0s; do
    fails_with 2 "--checkpoint-every: found '$value', expected" \
        train spirals --checkpoint no.ckpt --checkpoint-every "$value"
done
for value in 0s 30 -1s x inf; do
    fails_with 2 "--time-budget: found '$value', expected" train spirals --time-budget "$value"
done
fails_with 2 "--history: found 'h.txt', expected" train spirals --history h.txt
fails_with 1 'no/such/h.csv.*choose another file with --history' \
    train spirals --history no/such/h.csv
fails_with 2 'is the model.s file' train spirals --checkpoint x -o x
fails_with 2 'name the same file' train spirals --checkpoint x.csv --history x.csv
fails_with 2 'choose another --output' \
    train spirals --from m.safetensors -o m.safetensors --checkpoint x
fails_with 2 '--curve is for one training' train spirals --folds 2 --curve x.svg
fails_with 1 'not a checkpoint|a model' train spirals --checkpoint m.safetensors --resume -o x
check 'nothing was left behind' [ -z "$(find . -name 'no.*' -o -name '*.tmp' -o -name 'x*')" ]

finish

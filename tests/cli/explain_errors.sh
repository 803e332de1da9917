#!/usr/bin/env bash
# explain: what is not there, or cannot be, is refused with what there is.
set -eu
. "$(dirname "$0")/lib.sh"

train_spirals m.safetensors
wrong() { fails_with 2 "$1" explain m.safetensors spirals "${@:2}"; }

wrong '^scratchml explain: --sample: found 1000, spirals has rows 0…999$' --sample 1000
for text in x '' -1 '1,' 3..1 1..2..3 0..256 99999999999 1.5; do
    wrong "--sample: found '$text', expected a row such as 7, a list 7,12, or a range" --sample "$text"
done
wrong '--layer: found 2, the model has layers 0…1' --layer 2
wrong '--layer: found .x., expected a whole number' --layer x
wrong '--unit: found 16, layers.0 has units 0…15' --layer 0 --unit 16
wrong '--unit needs --layer' --unit 1
wrong '--weight needs --layer' --weight 1,1
wrong '--unit and --weight contradict each other' --layer 0 --unit 1 --weight 1,1
wrong '--weight: found 16, layers.0 has units 0…15' --layer 0 --weight 16,0
wrong '--weight: found 2, layers.0 has inputs 0…1' --layer 0 --weight 3,2
for text in '13,' -1,2 9999999999999999999,0 1,x ,1 1,2,3 bias; do
    wrong '--weight: found' --layer 0 --weight "$text"
done
wrong '--weight: layers.0 is dense: expected J,I or J,bias' --layer 0 --weight 3
wrong '--epoch is for --training' --epoch 3
wrong '--checkpoint is for --update' --checkpoint m.safetensors
wrong '--learning-rate is for --update' --learning-rate 0.1
wrong '--learning-rate: found .nan., expected a number' --update --learning-rate nan
wrong 'a batch begins at one sample; found 2 with --sample' --sample 1,2 --batch 5
wrong '--batch: found .257., expected a whole number in 1…256' --batch 257
wrong '--temperature is about the outputs alone' --temperature 2 --backward
wrong '--update is a step of the model as it is' --set 'layers.0.bias[0]=1' --update
wrong '--set: found .layers., expected NAME=X' --set layers
wrong '--set: found .layers.0.bias\[0\]=nan., expected NAME=X' --set 'layers.0.bias[0]=nan'
wrong '--set: .*layers.7' --set 'layers.7.bias[0]=1'
wrong '--silence: found .3., expected N:J' --silence 3
wrong 'explain: --silence: found unit 99, layers\.0 has units 0…15$' --silence 0:99
wrong 'explain: --silence: layers\.1 gives the output' --silence 1:0
wrong 'explain: --silence: there is no layers\.7 to silence$' --silence 7:0
wrong "--should-be: found '7', expected one of 3 classes: 0…2" --should-be 7
wrong '--html and --json contradict each other' --html x.html --json
wrong '--top: found .0., expected' --top 0

# Into one file: the pages, and behind them why there is no step.
printf '0.1,0.2\n' >bare.csv
last_command='explain --update without targets, in one file'
"$SCRATCHML" explain m.safetensors bare.csv --no-header --update >both 2>&1 || :
check 'the message is the last line' bash -c 'tail -n 1 both | grep -q "explain: a step of training"'
check 'the page stands before it' bash -c 'head -n 1 both | grep -q "^sample "'

fails_with 1 'nothing.safetensors' explain nothing.safetensors spirals
fails_with 1 '' explain m.safetensors mnist-that-is-not-there
run train regression --epochs 2 --quiet -o r.safetensors
fails_with 2 "--should-be: found 'x', expected a number" explain r.safetensors regression --should-be x
fails_with 2 'explain: --temperature: the model is for regression' explain r.safetensors regression \
    --temperature 2
run train spirals --hidden 8 --dropout 0.5 --epochs 1 --quiet -o d.safetensors
fails_with 2 '^scratchml explain: --update: the model has dropout, which acts in training; add --training$' \
    explain d.safetensors spirals --update
check 'nothing before the refusal' test ! -s out
run explain d.safetensors spirals --update --training
expect_code 0
finish

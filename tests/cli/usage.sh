#!/usr/bin/env bash
# Wrong usage: exit code 2, a message that names what is wrong, and the nearest name.
set -eu
. "$(dirname "$0")/lib.sh"

fails_with 2 'expected a command'
fails_with 2 "unknown command 'trian'; did you mean 'train'" trian spirals
fails_with 2 "unknown command 'data inof'; did you mean 'data info'" data inof spirals
fails_with 2 "after 'data', expected one of: list, info, show, fetch" data
fails_with 2 "unknown option '--verbose'" --verbose
fails_with 2 "unknown command 'xyzzy'" help xyzzy

fails_with 2 'unknown option --epoch; did you mean --epochs' train spirals --epoch 3
fails_with 2 'unknown option --learning_rate; did you mean --learning-rate' \
    train spirals --learning_rate 0.1
fails_with 2 'unknown option --jso; did you mean --json' evaluate m spirals --jso
fails_with 2 "unknown option '-x'" train spirals -x
fails_with 2 '--epochs needs a value' train spirals --epochs
fails_with 2 '--output needs a value' train spirals -o
fails_with 2 '--json takes no value' train spirals --json=1

fails_with 2 "--epochs: 'x'" train spirals --epochs x
fails_with 2 "--epochs: '-1'" train spirals --epochs=-1
fails_with 2 "--hidden: .*0" train spirals --hidden 16,0
fails_with 2 '--optimizer: .*adam' train spirals --optimizer adm
fails_with 2 '--learning-rate: ' train spirals --learning-rate -0.1
fails_with 2 '--dropout: ' train spirals --dropout 1.5
fails_with 2 "--threads: found '-1', expected a whole number" train spirals --threads -1
fails_with 2 "--threads: found '2x'" train spirals --threads 2x
fails_with 2 "--color: found 'blue', expected one of" train spirals --color blue
fails_with 2 "--split: found 'dev'" evaluate m spirals --split dev
fails_with 2 "--seed: " data info spirals --seed -3

fails_with 2 'expected DATA, found nothing' train
fails_with 2 "unexpected 'moons'" train spirals moons
fails_with 2 'expected MODEL DATA, found only m' evaluate m
fails_with 2 '--mistakes needs --model' data show spirals --mistakes
fails_with 2 '--sample 5000: .*1,000 rows' data show spirals --sample 5000

check 'nothing was written' [ -z "$(find . -name '*.safetensors*')" ]

finish

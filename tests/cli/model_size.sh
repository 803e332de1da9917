#!/usr/bin/env bash
# A model that was saved can be loaded; one that could not be is refused before its training.
set -eu
. "$(dirname "$0")/lib.sh"

wide() { # wide COLUMNS
    printf '1 1:1 %s:2\n0 5:1\n1 7:2\n0 9:1\n' "$1"
}
small=(--scaling standard --hidden 1 --epochs 1 --test 0 --quiet -o model.safetensors)
wide 700000 >wide.svm
run train wide.svm "${small[@]}"
expect_code 0
run info model.safetensors --json
expect_json '.inputs == 700000'
run predict model.safetensors wide.svm --limit 1
expect_code 0
rm model.safetensors
wide 3000000 >wider.svm
fails_with 1 'wider.svm: what the model would have to remember of 3000000 columns' \
    train wider.svm "${small[@]}"
expect_err 'leave out columns of names, or the scaling \(--scaling none\)'
check 'nothing was saved' [ ! -e model.safetensors ]
finish

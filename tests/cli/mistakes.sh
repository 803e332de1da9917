#!/usr/bin/env bash
# mistakes: what it counts and lists is what evaluate and predict say, and changed labels are found.
set -eu
. "$(dirname "$0")/lib.sh"

run train spirals --hidden 16 --epochs 15 --quiet -o m.safetensors
run evaluate m.safetensors spirals --json
mv out evaluation
run mistakes m.safetensors spirals --count 10000 --json
expect_code 0
check 'the confusion matrix is that of evaluate' \
    test "$(jq -c .confusion out)" = "$(jq -c .confusion evaluation)"
check 'so is the number of mistakes' jq -en --slurpfile m out --slurpfile e evaluation \
    '$m[0].mistakes == ($e[0].samples * (1 - $e[0].accuracy) | round)'
expect_json '.mistakes > 0 and .found == .mistakes and (.samples | length) == .mistakes'
expect_json '[.samples[].loss] | . == (sort | reverse)'
expect_json '[.samples[] | .label != .prediction and .probability > .own_probability] | all'
expect_json '[.samples[] | (.loss + (.own_probability | log) | fabs) < 1e-3 * .loss] | all'
expect_json '.gradient_squares as $s |
    [.samples[] | (.gradient_share * $s / (.gradient_norm * .gradient_norm) - 1 | fabs) < 1e-6] | all'
expect_json '.labels.judged_by == "model" and .labels.judged == .rows and .split == "test"'
run mistakes m.safetensors spirals --split test --count 3 --json --threads 4
mv out by_four
run mistakes m.safetensors spirals --split test --count 3 --json --threads 1
check 'the same numbers with four threads' cmp out by_four

# One cell of the matrix.
run mistakes m.safetensors spirals --true 0 --says 1 --json --count 10000
expect_json '.found == .confusion[0][1] and ([.samples[] | .label + .prediction] | unique == ["01"])'
run mistakes m.safetensors spirals --true 0 --says 0 --json
expect_json '.found == .confusion[0][0]'

# The text says the same, and what to do next.
run mistakes m.safetensors spirals --count 3
expect_code 0
expect_out '^mistakes of m.safetensors on spirals, part test: [0-9]+ of 1,000 \('
expect_out '^most often: [0-2] as [0-2] \([0-9]+\)'
expect_out '^sample  is  says  p\(says\) +p\(is\) +loss +‖g‖ +share +might be$'
expect_out '^  scratchml explain m.safetensors spirals --sample [0-9]+ --backward$'
expect_narrow
LC_ALL=C run mistakes m.safetensors spirals --count 3
check 'ASCII where the locale has no more' bash -c '! LC_ALL=C grep -q "[^ -~]" out'
NO_COLOR=1 run mistakes m.safetensors spirals --count 3
check 'no escapes without a terminal' bash -c '! grep -q "$(printf "\033")" out'

# Rows that the model was trained on: others have to judge.
run mistakes m.safetensors spirals --split train --json
expect_json '.labels == null and .split == "train"'
fails_with 2 'has seen these rows; --folds 5' mistakes m.safetensors spirals --split train --suspects

# A tenth of the labels of two clouds of points, every tenth row, changed.
awk 'BEGIN {
    OFS = ","
    seed = 7
    print "x,y,class"
    for (i = 0; i < 600; i++) {
        for (k = 0; k < 2; k++) {
            seed = (seed * 16807) % 2147483647
            p[k] = seed / 2147483647 - 0.5
        }
        is = i % 2
        print p[0] + 1.2 * is, p[1] - 1.2 * is, (i % 10 == 3 ? 1 - is : is) == 1 ? "right" : "left"
    }
}' >clouds.csv
run train clouds.csv --target class --hidden 16 --epochs 40 --quiet -o clouds.safetensors
run mistakes clouds.safetensors clouds.csv --split all --folds 5 --suspects --count 600 --json --quiet
expect_code 0
expect_json '.labels.judged_by == "folds" and .labels.suspects == .found'
expect_json '[.samples[].sample] | map(select(. % 10 == 3)) | length >= 54'
expect_json '[.samples[].sample] | map(select(. % 10 != 3)) | length <= 6'
expect_json '[.samples[].margin] | . == sort and .[-1] < 0'
expect_json '[.samples[] | .suspect_of != .label] | all'
run mistakes clouds.safetensors clouds.csv --split all --folds 5 --suspects --true left --quiet
expect_out 'labels that look wrong'
expect_out ' left +right '
check 'only of this class' bash -c '! grep -qE "^ +[0-9]+  right " out'

# Other tasks: no classes, but losses and gradients.
run train regression --hidden 6 --epochs 2 --quiet -o r.safetensors
run mistakes r.safetensors regression --json --count 5
expect_json '.mistakes == null and .confusion == null and .labels == null and .found == .rows'
expect_json '[.samples[] | (.residual * .residual / .loss - 1 | fabs) < 1e-5] | all'
run mistakes r.safetensors regression
expect_code 0
expect_out '^sample  residual +loss +‖g‖ +share'
expect_narrow
fails_with 2 'only labels can be suspect' mistakes r.safetensors regression --suspects
fails_with 2 'is for classes' mistakes r.safetensors regression --true 1

fails_with 2 "no class 'x'; expected a class's name, or 0" mistakes m.safetensors spirals --true x
fails_with 2 "no class '3'" mistakes m.safetensors spirals --says 3
fails_with 2 'count' mistakes m.safetensors spirals --count 0
fails_with 1 "does regression" mistakes r.safetensors spirals
fails_with 1 'none.safetensors' mistakes none.safetensors spirals

finish

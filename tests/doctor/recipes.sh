#!/usr/bin/env bash
# Every ailment has a recipe: a run that has it and one that has not. The doctor's first finding of
# the sick run is the ailment; of the healthy one it finds nothing.
#
# recipes/CODE.sh sets `sick` and `healthy`, what follows `scratchml doctor`, and may define
# make_data, which writes what they read. More than one run: a line each.
set -eu
. "$(dirname "$0")/lib.sh"

diagnose() {
    # shellcheck disable=SC2086
    run doctor $1 --quiet --json
}

for recipe in "$recipes"/*.sh; do
    code_wanted=$(basename "$recipe" .sh)
    sick='' healthy=''
    make_data() { :; }
    # shellcheck source=/dev/null
    . "$recipe"
    make_data
    while read -r arguments; do
        diagnose "$arguments"
        expect_json ".findings[0].code == \"$code_wanted\""
        expect_json '.findings[0] | .severity != "note" and .title != "" and .try != "" and .why != ""'
        expect_code 1
    done <<<"$sick"
    while read -r arguments; do
        diagnose "$arguments"
        expect_json '.findings == []'
        expect_code 0
    done <<<"$healthy"
done

finish

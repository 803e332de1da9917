#!/usr/bin/env bash
# Every ailment has a recipe: a run that has it and one that has not. The doctor's first finding of
# the sick run is the ailment; of the healthy one it finds nothing.
#
# recipes/CODE.sh sets `sick` and `healthy`, what follows `scratchml doctor`, and may define
# make_data, which writes what they read. More than one run: a line each. severity=note: the ailment
# is told as one, and does not count as a finding.
set -eu
. "$(dirname "$0")/lib.sh"

diagnose() {
    # shellcheck disable=SC2086
    run doctor $1 --quiet --json
}

for recipe in "$recipes"/*.sh; do
    code_wanted=$(basename "$recipe" .sh)
    sick='' healthy='' severity=warning
    make_data() { :; }
    # shellcheck source=/dev/null
    . "$recipe"
    make_data
    while read -r arguments; do
        diagnose "$arguments"
        expect_json ".findings[0].code == \"$code_wanted\""
        expect_json '.findings[0] | .title != "" and .try != "" and .why != ""'
        expect_json "(.findings[0].severity == \"note\") == $([ $severity = note ] && echo true || echo false)"
        expect_code "$([ $severity = note ] && echo 0 || echo 1)"
    done <<<"$sick"
    while read -r arguments; do
        diagnose "$arguments"
        expect_json '.findings == []'
        expect_code 0
    done <<<"$healthy"
done

finish

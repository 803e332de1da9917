# shellcheck shell=bash
# For the tests of tools/: a scratch folder, and checks that count.
set -euo pipefail

source_dir=${SCRATCHML_SOURCE:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
# shellcheck disable=SC2034  # the tests use it
tools=$source_dir/tools
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

# write FILE: standard input becomes FILE below the scratch folder.
write() {
    mkdir -p "$(dirname "$scratch/$1")"
    cat >"$scratch/$1"
}

# passes WHAT COMMAND…, fails_with TEXT WHAT COMMAND…
passes() {
    local what=$1 output
    shift
    if ! output=$("$@" 2>&1); then
        printf 'FAILED: %s: should pass, but:\n%s\n' "$what" "$output"
        failures=$((failures + 1))
    fi
}

fails_with() {
    local text=$1 what=$2 output
    shift 2
    if output=$("$@" 2>&1); then
        printf 'FAILED: %s: should fail, but passed:\n%s\n' "$what" "$output"
        failures=$((failures + 1))
    elif [[ $output != *"$text"* ]]; then
        printf 'FAILED: %s: should say "%s", but said:\n%s\n' "$what" "$text" "$output"
        failures=$((failures + 1))
    fi
}

is_equal() {
    if [[ $2 != "$3" ]]; then
        printf 'FAILED: %s: "%s" is not "%s"\n' "$1" "$2" "$3"
        failures=$((failures + 1))
    fi
}

finish() { [[ $failures -eq 0 ]]; }

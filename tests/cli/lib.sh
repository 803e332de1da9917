# shellcheck shell=bash
# Helpers of the command-line tests. A test sources this file, makes its checks and ends with
# `finish`. SCRATCHML names the program. Each test works in a folder of its own.

: "${SCRATCHML:?set SCRATCHML to the path of the program}"
SCRATCHML=$(realpath "$SCRATCHML")
# What the caller's terminal is like must not matter.
unset NO_COLOR CLICOLOR CLICOLOR_FORCE COLUMNS
export TERM=xterm LC_ALL=C.UTF-8
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

checks=0
failures=0
last_command=

fail() {
    failures=$((failures + 1))
    printf 'FAILED: %s\n  command: %s\n' "$1" "$last_command"
    if [ -f out ]; then
        printf '  exit code %s; standard output, then standard error:\n' "$code"
        head -n 8 out | sed 's/^/    | /'
        head -n 8 err | sed 's/^/    ! /'
    fi
}

# check WHAT COMMAND...: the command must succeed.
check() {
    local what=$1
    shift
    checks=$((checks + 1))
    "$@" >/dev/null 2>&1 || fail "$what"
}

# run ARGUMENT...: runs the program; leaves the files out and err, and the exit code in $code.
run() {
    last_command="scratchml $*"
    code=0
    "$SCRATCHML" "$@" >out 2>err </dev/null || code=$?
}

expect_code() { check "expected exit code $1" [ "$code" -eq "$1" ]; }
expect_out() { check "expected on standard output: $1" grep -qE -- "$1" out; }
expect_err() { check "expected on standard error: $1" grep -qE -- "$1" err; }
expect_silent() { check "expected nothing on standard output" [ ! -s out ]; }

# expect_json FILTER: standard output is one JSON document for which the jq filter is true.
expect_json() { check "expected JSON with: $1" jq -es "length == 1 and (.[0] | ($1))" out; }

# fails_with CODE TEXT ARGUMENT...: the program ends so, with TEXT on standard error and no result.
fails_with() {
    local wanted=$1 text=$2
    shift 2
    run "$@"
    expect_code "$wanted"
    expect_err "$text"
    expect_silent
}

# expect_narrow [COLUMNS [FILE]]: no line is wider. grep counts characters, awk may count bytes.
expect_narrow() {
    check "no line wider than ${1:-80} columns" \
        bash -c "! LC_ALL=C.UTF-8 grep -qE '^.{$((${1:-80} + 1))}' '${2:-out}'"
}

# A small trained model in the file named, a second's work at most.
train_spirals() {
    run train spirals --hidden 16 --epochs 30 --quiet -o "$1"
    expect_code 0
}

finish() {
    printf '%s checks, %s failed\n' "$checks" "$failures"
    [ "$failures" -eq 0 ]
}

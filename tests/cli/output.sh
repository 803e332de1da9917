#!/usr/bin/env bash
# Where output cannot go: a full disk, a closed stream, folders that cannot be written.
set -eu
. "$(dirname "$0")/lib.sh"

train_spirals m.safetensors

# to_full COMMAND...: results to a disk that is full.
to_full() {
    last_command="scratchml $* >/dev/full"
    code=0
    "$SCRATCHML" "$@" >/dev/full 2>err || code=$?
    : >out
    expect_code 1
    expect_err 'cannot write to standard output'
}
to_full --help
to_full --version
to_full data list
to_full evaluate m.safetensors spirals
to_full evaluate m.safetensors spirals --json
to_full predict m.safetensors spirals
to_full predict m.safetensors spirals --json
to_full info m.safetensors
to_full train spirals --epochs 1 --quiet -o n.safetensors

# A limit on the size of files ends the save, not the program.
run_limited() {
    ulimit -f 100
    run train spirals --hidden 300,300 --epochs 1 --quiet -o large.safetensors
    expect_code 1
    expect_err 'File too large'
    finish
}
check 'a limit on the size' bash -c "$(declare -f); checks=0 failures=0; run_limited"
check 'nothing is left of it' [ -z "$(find . -name 'large*')" ]

last_command='scratchml data list >&-'
code=0
"$SCRATCHML" data list >&- 2>err || code=$?
expect_code 1

# A reader that leaves early is no error worth a word.
last_command='scratchml predict | head -n 1'
"$SCRATCHML" predict m.safetensors spirals spirals spirals spirals 2>err | head -n 1 >out
check 'quiet about a closed pipe' [ ! -s err ]

# Said before the training, not after it: there is no time for an epoch.
touch file
fails_with 1 'no/such/m.safetensors: cannot write: No such file.*--output' train spirals --epochs 1000000 -o no/such/m.safetensors
fails_with 1 'Not a directory; choose another' train spirals --epochs 1000000 -o file/m.safetensors
fails_with 1 'not a regular file; choose another' train spirals --epochs 1000000 -o "$work"
# Saving renames: that would put a file in the place of a device.
fails_with 1 'not a regular file; choose another' train spirals --epochs 1000000 -o /dev/null
check 'the device is still there' [ -c /dev/null ]
ln -s nowhere dangling
fails_with 1 'a link to nothing' train spirals --epochs 1000000 -o dangling
fails_with 1 'File name too long' train spirals --epochs 1000000 -o "$(printf '%0250d' 0)"
check 'nothing is left behind' bash -c '! ls -A | grep -q tmp'
if [ "$(id -u)" -ne 0 ]; then
    mkdir locked
    chmod a-w locked
    fails_with 1 'Permission denied; choose another' train spirals --epochs 1000000 -o locked/m.safetensors
fi

finish

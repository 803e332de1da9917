#!/usr/bin/env bash
# tools/check-words finds paths of a machine and package servers. The words stand here in pieces,
# or this file would be found, too.
source "$(dirname "$0")/lib.sh"

wrong() {
    rm -rf "${scratch:?}"/*
    printf 'see %s for more\n' "$1" | write docs/a.md
    fails_with 'docs/a.md:1' "$1" "$tools/check-words" "$scratch"
}

right() {
    rm -rf "${scratch:?}"/*
    printf 'see %s for more\n' "$1" | write docs/a.md
    passes "$1" "$tools/check-words" "$scratch"
}

wrong "/wo""rk/thing"
wrong "(/ho""me/somebody/thing)"
wrong "\"/ro""ot/.cache\""
wrong "https://registry.""npmjs.org/x"
wrong "https://py""pi.org/simple"
right "src/net""work/home.c"
right "\$HOME/.cache/scratchml"
right "net""work/layers"

passes 'this repository' "$tools/check-words"
finish

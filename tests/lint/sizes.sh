#!/usr/bin/env bash
# tools/check-sizes fails just where a limit is passed.
source "$(dirname "$0")/lib.sh"

if ! command -v ctags >/dev/null; then
    echo 'ctags is not installed'
    exit 77
fi

# repeat COUNT LINE
repeat() { awk -v n="$1" -v line="$2" 'BEGIN { while (n-- > 0) print line }'; }

# function_of NAME LINES: a C function of so many lines.
function_of() {
    printf 'int %s(int x)\n{\n' "$1"
    repeat $(($2 - 4)) '    x++;'
    printf '    return x;\n}\n'
}

# tree FILE NAME:LINES…: a source file of such functions.
tree() {
    local file=$1 each
    shift
    rm -rf "${scratch:?}"/*
    for each in "$@"; do function_of "${each%:*}" "${each#*:}"; done | write "$file"
}

# Twenty short functions keep the median and the ninth of ten low.
short=()
for i in $(seq 20); do short+=("f$i:6"); done

tree src/base/a.c "${short[@]}" longest:80
passes 'a function of 80 lines' "$tools/check-sizes" "$scratch"
tree src/base/a.c "${short[@]}" longest:81
fails_with 'longest has 81 lines' 'a function of 81 lines' "$tools/check-sizes" "$scratch"
tree tests/base/test_a.c longest:81
fails_with 'longest has 81 lines' 'a test of 81 lines' "$tools/check-sizes" "$scratch"

tree src/base/a.c a:15 b:15 c:15
passes 'a median of 15' "$tools/check-sizes" "$scratch"
tree src/base/a.c a:16 b:16 c:16
fails_with 'median' 'a median of 16' "$tools/check-sizes" "$scratch"
tree src/base/a.c a:6 b:6 c:6 d:6 e:6 f:6 g:6 h:6 i:41 j:41
fails_with 'nine of ten' 'two of ten functions above 40' "$tools/check-sizes" "$scratch"

tree src/base/a.c a:6
repeat 600 '/* */' | write src/base/b.c
passes 'a file of 600 lines' "$tools/check-sizes" "$scratch"
repeat 601 '/* */' | write src/base/b.c
fails_with 'b.c: 601 lines' 'a file of 601 lines' "$tools/check-sizes" "$scratch"
rm "$scratch/src/base/b.c"
repeat 251 '/* */' | write include/scratchml/a.h
fails_with 'a.h: 251 lines' 'a public header of 251 lines' "$tools/check-sizes" "$scratch"

passes 'this repository' "$tools/check-sizes"
finish

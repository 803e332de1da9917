#!/usr/bin/env bash
# Each public header stands alone, in C11 and in C++11; the examples are short; the libraries
# give no name that is not ours.
source "$(dirname "$0")/lib.sh"

warnings=(-Wall -Wextra -Wconversion -Wshadow -Werror -pedantic)

step 'each header alone'
include=$SCRATCHML_SOURCE/include
while read -r header; do
    printf '#include <%s>\n#include <%s>\n' "$header" "$header" >"$scratch/alone.c"
    gcc -std=c11 "${warnings[@]}" -I"$include" -fsyntax-only "$scratch/alone.c"
    g++ -std=c++11 "${warnings[@]}" -I"$include" -fsyntax-only -x c++ "$scratch/alone.c"
done < <(cd "$include" && find . -name '*.h' | sed 's|^\./||')

step 'examples have at most 40 lines'
for example in "$SCRATCHML_SOURCE"/examples/*.c; do
    [[ $(wc -l <"$example") -le 40 ]] || fail "$example is longer"
done

step 'symbols'
shared=$SCRATCHML_BUILD/libscratchml.so
exported=$(nm -D --defined-only "$shared" | awk '{ print $3 }' | sed 's/@.*//')
[[ -n $exported ]] || fail 'the shared library exports nothing'
if grep -vE '^(sml|scratchml)_[a-z0-9]' <<<"$exported"; then
    fail 'the shared library exports the names above'
fi
[[ $(readelf -d "$shared") =~ SONAME.*libscratchml\.so\.0] ]] || fail 'SONAME'

# Every function that the headers declare is there.
declared=$(grep -rhoE '\b(sml|scratchml)_[a-z0-9_]+\(' "$include" | tr -d '(' | sort -u)
defined=$(nm -g --defined-only "$SCRATCHML_BUILD/libscratchml.a" | awk 'NF == 3 { print $3 }')
while read -r name; do
    grep -rqE "^SML_API.*\b$name\(" "$include" || continue
    grep -qx "$name" <<<"$defined" || fail "$name is declared and not defined"
done <<<"$declared"
if grep -vE '^(sml|scratchml)_' <<<"$defined"; then
    fail 'the static library defines the names above'
fi

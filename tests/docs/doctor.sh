#!/usr/bin/env bash
# What docs/doctor.md shows works, and its table has the codes of the doctor, each with a recipe.
source "$(dirname "$0")/../package/lib.sh"
page=$SCRATCHML_SOURCE/docs/doctor.md
program=$SCRATCHML_BUILD/scratchml

step 'the commands'
mkdir -p "$scratch/build"
ln -s "$program" "$scratch/build/scratchml"
commands=$(sed -n '/^```console$/,/^```$/s/^\$ //p' "$page")
[[ $(wc -l <<<"$commands") -ge 4 ]] || fail 'the page shows too few commands'
while IFS= read -r command; do
    echo "$command"
    (cd "$scratch" && eval "$command") >"$scratch/out" 2>&1 || true # 1: something was found
    grep -q '^doctor: ' "$scratch/out" || fail "$command: $(cat "$scratch/out")"
done <<<"$commands"

step 'the codes'
listed=$(sed -n 's/^| `\([a-z_]*\)` |.*/\1/p' "$page" | sort)
there=$(sed -n '/^static const char \*const CODES/,/^};/p' "$SCRATCHML_SOURCE/src/explain/doctor.c" |
    grep -oE '"[a-z_]+"' | tr -d '"' | sort)
[[ $listed == "$there" ]] || fail "the page lists: $listed; there are: $there"
recipes=$(cd "$SCRATCHML_SOURCE/tests/doctor/recipes" && printf '%s\n' *.sh | sed 's/\.sh$//' | sort)
[[ $listed == "$recipes" ]] || fail "the page lists: $listed; there are recipes of: $recipes"

step 'the files that it names'
while IFS= read -r path; do
    [[ -e $SCRATCHML_SOURCE/$path ]] || fail "the page names $path, which is not there"
done < <(grep -oE '(tests|tools|bench|include)/[a-z/_-]+(\.[a-z]+)?' "$page")

#!/usr/bin/env bash
# What docs/mistakes.md shows works as it stands, and the options and columns that it names are there.
source "$(dirname "$0")/../package/lib.sh"
page=$SCRATCHML_SOURCE/docs/mistakes.md
program=$SCRATCHML_BUILD/scratchml

step 'the commands'
mkdir -p "$scratch/build"
ln -s "$program" "$scratch/build/scratchml"
commands=$(sed -n '/^```console$/,/^```$/s/^\$ //p' "$page")
[[ $(wc -l <<<"$commands") -ge 4 ]] || fail 'the page shows too few commands'
while IFS= read -r command; do
    echo "$command"
    (cd "$scratch" && eval "$command") >"$scratch/out" 2>&1 || fail "$command: $(cat "$scratch/out")"
    cat "$scratch/out" >>"$scratch/all"
done <<<"$commands"

step 'the options that it names'
"$program" mistakes --help >"$scratch/help"
while IFS= read -r option; do
    grep -qE "^ +(-[a-z], )?$option( |\$)" "$scratch/help" || fail "mistakes has no $option"
done < <(grep -oE -- '`--[a-z-]+' "$page" | tr -d '`' | sort -u)

step 'the columns'
while IFS= read -r column; do
    grep -qF -- "$column" "$scratch/all" || fail "no column $column"
done < <(sed -n '/^| Column/,/^$/p' "$page" | grep '^| `' | cut -d '|' -f 2 | grep -oE '`[^`]+`' |
    tr -d '`')

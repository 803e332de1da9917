#!/usr/bin/env bash
# What docs/training.md shows works as it stands, and the options and columns that it names are there.
source "$(dirname "$0")/../package/lib.sh"
page=$SCRATCHML_SOURCE/docs/training.md
program=$SCRATCHML_BUILD/scratchml

step 'the commands'
mkdir -p "$scratch/build"
ln -s "$program" "$scratch/build/scratchml"
commands=$(sed -n '/^```console$/,/^```$/s/^\$ //p' "$page")
[[ $(wc -l <<<"$commands") -ge 11 ]] || fail 'the page shows too few commands'
while IFS= read -r command; do
    echo "$command"
    (cd "$scratch" && eval "$command") >"$scratch/out" 2>&1 || fail "$command: $(cat "$scratch/out")"
    [[ -s $scratch/out ]] || fail "$command says nothing"
done <<<"$commands"
[[ -s $scratch/spirals.svg ]] || fail 'there is no picture'

step 'the options that it names'
"$program" train --help >"$scratch/help"
while IFS= read -r option; do
    grep -qE "^ +(-[a-z], )?$option( |\$)" "$scratch/help" || fail "train has no $option"
done < <(grep -oE -- '`--[a-z-]+' "$page" | tr -d '`' | sort -u)

step 'the columns of a history'
listed=$(sed -n '/^| Column/,/^$/p' "$page" | grep '^| `' | cut -d '|' -f 2 | grep -oE '[a-z_]+')
[[ $(head -n 1 "$scratch/spirals.csv") == "$(paste -sd , <<<"$listed")" ]] || fail "columns: $listed"

step 'the schedules'
listed=$(sed -n '/^| `--schedule`/,/^$/p' "$page" | grep -oE '^\| `[a-z]+`' | tr -d '|` ' | sort)
there=$(tr -d '\n' <"$scratch/help" | tr -s ' ' | grep -oE -- '--schedule NAME [^(]*\([^)]*' |
    sed 's/.*(//' | tr ',' '\n' | tr -d ' ' | sort)
[[ $listed == "$there" ]] || fail "the page lists: $listed; there are: $there"

step 'the files that it names'
while IFS= read -r path; do
    [[ -e $SCRATCHML_SOURCE/$path ]] || fail "the page names $path, which is not there"
done < <(grep -oE 'tests/[a-z/_]+\.sh' "$page")

#!/usr/bin/env bash
# What docs/data.md shows works as it stands, its tables name what there is, and no more.
source "$(dirname "$0")/../package/lib.sh"
page=$SCRATCHML_SOURCE/docs/data.md
program=$SCRATCHML_BUILD/scratchml

step 'the commands'
mkdir -p "$scratch/build"
ln -s "$program" "$scratch/build/scratchml"
sed -n '/^```csv$/,/^```$/p' "$page" | grep -v '^```' >"$scratch/flowers.csv"
commands=$(sed -n '/^```console$/,/^```$/s/^\$ //p' "$page")
[[ $(wc -l <<<"$commands") -ge 11 ]] || fail 'the page shows no commands'
while IFS= read -r command; do
    echo "$command"
    (cd "$scratch" && eval "$command") >"$scratch/out" 2>&1 || fail "$command: $(cat "$scratch/out")"
    [[ -s $scratch/out ]] || fail "$command says nothing"
done <<<"$commands"

step 'the generated sets'
listed=$(sed -n '/^## Generated sets$/,/^## /s/^| `\([a-z]*\)` |.*/\1/p' "$page" | sort)
there=$("$program" data list --json | jq -r '.[] | select(.source == "generated") | .name' | sort)
[[ $listed == "$there" ]] || fail "the page lists: $listed; there are: $there"

step 'the options of reading'
"$program" train --help >"$scratch/help"
listed=$(sed -n '/^## Options of reading$/,/^## /p' "$page" | grep '^| `--' | cut -d '|' -f 2 |
    grep -oE -- '--[a-z-]+')
[[ $(wc -l <<<"$listed") -eq 11 ]] || fail 'the page should list eleven options'
while IFS= read -r option; do
    grep -qE "^ +$option( |\$)" "$scratch/help" || fail "train has no $option"
done <<<"$listed"

step 'the files that it names'
while IFS= read -r path; do
    [[ -e $SCRATCHML_SOURCE/docs/$path ]] || fail "the page names $path, which is not there"
done < <(grep -oE '\]\([a-zA-Z.][^)#]+\)' "$page" | tr -d ']()' | grep -v '^https:')

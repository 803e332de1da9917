#!/usr/bin/env bash
# What docs/explain.md shows works as it stands; it has an example of each option of explain, and names
# no others.
source "$(dirname "$0")/../package/lib.sh"
page=$SCRATCHML_SOURCE/docs/explain.md
program=$SCRATCHML_BUILD/scratchml

step 'the commands'
mkdir -p "$scratch/build"
ln -s "$program" "$scratch/build/scratchml"
commands=$(sed -n '/^```console$/,/^```$/s/^\$ //p' "$page")
while IFS= read -r command; do
    echo "$command"
    (cd "$scratch" && eval "$command") >"$scratch/out" 2>&1 || fail "$command: $(cat "$scratch/out")"
    [[ -s $scratch/out ]] || fail "$command says nothing"
    if grep -qE 'DOES NOT HOLD|"holds":false' "$scratch/out"; then
        fail "$command: $(cat "$scratch/out")"
    fi
done <<<"$commands"
[[ -s $scratch/spirals.html ]] || fail 'there is no report'

step 'the options'
"$program" explain --help >"$scratch/help"
own=$(sed -n '/^Options:/,/ --split /p' "$scratch/help" | grep -oE -- '^ +--[a-z-]+' | tr -d ' ')
[[ $(wc -l <<<"$own") -ge 18 ]] || fail "too few options: $own"
while IFS= read -r option; do
    grep -qE -- "explain .*$option( |\$)" <<<"$commands" || fail "no example of $option"
done <<<"$own"
while IFS= read -r option; do
    grep -qE "^ +(-[a-z], )?$option( |\$)" "$scratch/help" || fail "explain has no $option"
done < <(grep -oE -- '`--[a-z-]+' "$page" | tr -d '`' | sort -u)

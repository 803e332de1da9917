#!/usr/bin/env bash
# Where the documentation says "`function` in `file`", that file has that function.
source "$(dirname "$0")/../package/lib.sh"
cd "$SCRATCHML_SOURCE"

pairs=0
for page in docs/*.md; do
    # A line break may stand anywhere between the two names.
    while read -r name file; do
        pairs=$((pairs + 1))
        [[ -e $file ]] || fail "$page names $file, which is not there"
        grep -rqE "\b$name\b" "$file" || fail "$page says \`$name\` in $file; it is not there"
    done < <(tr '\n' ' ' <"$page" |
        grep -oE '`[a-z_0-9]+` in `(src|cli|tests|bench|include)/[a-z_0-9/.]+`' |
        sed -E 's/`([^`]+)` in `([^`]+)`/\1 \2/')
done
step "$pairs names are where the documentation says"
[[ $pairs -ge 25 ]] || fail 'the documentation names fewer functions than it did'

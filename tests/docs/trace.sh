#!/usr/bin/env bash
# docs/trace.md, the member `sources` of a trace's JSON, and the members that documents have are one
# list; and the version is the one that the page states.
source "$(dirname "$0")/../package/lib.sh"

writer=$SCRATCHML_BUILD/tests/explain_test_trace_json
command -v jq >/dev/null || exit 77
changes=$SCRATCHML_BUILD/tests/explain_test_changes_json
[[ -x $writer && -x $changes ]] || exit 77

cd "$scratch"
"$writer" . >log 2>&1 || fail "$(cat log)"
"$changes" . >log 2>&1 || fail "$(cat log)"
# shellcheck disable=SC2016 # `…` is of the page
grep -oE '^\| `[^`]+` \| (data|setting|engine|engine64|double|count) \|' \
    "$SCRATCHML_SOURCE/docs/trace.md" | sed -E 's/^\| `([^`]+)` \| ([a-z0-9]+) \|/\1 \2/' >page
sort -u page >page.sorted
step "$(wc -l <page) members in docs/trace.md"
[[ $(wc -l <page) -eq $(wc -l <page.sorted) ]] || fail 'docs/trace.md has a member twice'

for document in *.json; do
    jq -e '.schema == "scratchml-trace" and .version == 1' "$document" >/dev/null ||
        fail "$document has another schema"
    jq -r '.sources | to_entries[] | "\(.key) \(.value)"' "$document" | sort >sources
    diff page.sorted sources || fail "sources of $document are not those of docs/trace.md"
    jq -r 'del(.sources) | paths(type != "object" and type != "array")
           | map(if type == "number" then "[]" else "." + . end) | join("") | ltrimstr(".")' \
        "$document" | sed -E 's/^model\.settings\..*/model.settings.NAME/' |
        grep -vE '_text(\.[0-9]+)?$' >>found
done
sort -u found >found.sorted
cut -d' ' -f1 page | sort >named
diff named found.sorted || fail 'docs/trace.md and the documents have different members'

# shellcheck disable=SC2016
grep -qF '`"schema": "scratchml-trace", "version": 1`' "$SCRATCHML_SOURCE/docs/trace.md" ||
    fail 'docs/trace.md states another version'

#!/usr/bin/env bash
# docs/line-by-line.md shows what its commands print: every word as it stands, every number within
# rounding, since last digits follow the instruction set. Lines with a difference of two numbers that
# are nearly equal are compared by their words.
source "$(dirname "$0")/../package/lib.sh"
page=$SCRATCHML_SOURCE/docs/line-by-line.md

"$SCRATCHML_SOURCE/tools/line-by-line" --print "$SCRATCHML_BUILD/scratchml" >"$scratch/now"
[[ $(grep -c '^\$ scratchml' "$page") -ge 10 ]] || fail 'the page shows no commands'
[[ $(wc -l <"$page") -eq $(wc -l <"$scratch/now") ]] || {
    diff "$page" "$scratch/now" | head -n 20
    fail 'the page has other lines; run tools/line-by-line'
}
grep -q 'DOES NOT HOLD' "$scratch/now" && fail 'a check of the page does not hold'

# Bars and pictures, the kernels and what rounding alone decides are left out.
cat >"$scratch/compare.awk" <<'AWK'
function number(t) { return t ~ /^-?[0-9][0-9,]*(\.[0-9]+)?(e[-+][0-9]+)?[,%:]?$/ }
function value(t) { gsub(/[,%:]/, "", t); return t + 0 }
function near(a, b,  d, m) {
    d = a - b; d = d < 0 ? -d : d
    m = a < 0 ? -a : a
    return d <= 0.00002 * m + 0.000002
}
NR == FNR { old[FNR] = $0; next }
{
    gsub(/ +[◄█▏▎▍▌▋▊▉▀▄░▒▓]+$/, ""); gsub(/ +[◄█▏▎▍▌▋▊▉▀▄░▒▓]+$/, "", old[FNR])
    if (/kernels|difference|apart|the gap|Σ_k δ_k|relations|half the step/) next
    if (/[█▀▄░▒▓]/ || /^[-+*#█=%▓ ]+$/) next
    n = split(old[FNR], was); m = split($0, is)
    for (i = 1; i <= (n > m ? n : m); i++) {
        if (was[i] == is[i]) continue
        if (number(was[i]) && number(is[i]) && near(value(was[i]), value(is[i]))) continue
        printf "line %d:\n- %s\n+ %s\n", FNR, old[FNR], $0
        bad = 1
        break
    }
}
END { exit bad }
AWK
LC_ALL=C.UTF-8 awk -f "$scratch/compare.awk" "$page" "$scratch/now" || fail 'the page is not fresh; run tools/line-by-line'
step "$(grep -c '^\$ scratchml' "$page") commands"

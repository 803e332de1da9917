#!/usr/bin/env bash
# explain --html and mistakes --html: one file, whole, small, legible, and nothing that it asks for.
set -eu
. "$(dirname "$0")/lib.sh"

# Whether a file is sound HTML as far as a shell can tell.
check_html() {
    local file=$1 tag opened closed
    check "$file: at most 2 MB" test "$(wc -c <"$file")" -le 2000000
    check "$file: no script, no request" \
        bash -c "! grep -qiE 'http|src=|<script|<link|<img|url\(|@import| on[a-z]+=' '$file'"
    for tag in html head body main nav header section details summary table figure svg symbol math \
        div style ul a h1 h2 h3 figcaption; do
        opened=$(grep -oE "<${tag}[ >]" "$file" | wc -l)
        closed=$(grep -oF "</$tag>" "$file" | wc -l)
        check "$file: each <$tag> is closed ($opened, $closed)" test "$opened" -eq "$closed"
    done
    check "$file: every link leads somewhere" test -z "$(comm -23 \
        <(grep -oE 'href="#[^"]+' "$file" | sed 's/.*#//' | sort -u) \
        <(grep -oE ' id="?[a-z][^" >]*' "$file" | sed -E 's/ id="?//' | sort -u))"
    check "$file: no identifier stands twice" test -z \
        "$(grep -oE ' id="?[a-z][^" >]*' "$file" | sed -E 's/ id="?//' | sort | uniq -d)"
    check "$file: a language, a width, a title" bash -c \
        "grep -q '<html lang=en>' $file && grep -q 'name=viewport' $file && grep -q '<title>[A-Z]' $file"
}

run train spirals --hidden 40,12 --epochs 5 --quiet -o m.safetensors
run explain m.safetensors spirals --sample 3,5 --html a.html
expect_code 0
expect_err 'written to a.html'
expect_silent
check_html a.html
check 'two samples' test "$(grep -c '<section id=s' a.html)" -eq 2
check 'the largest units of the wide layer' test "$(grep -o 'data-layer=0 data-unit=' a.html | wc -l)" -eq 32
check 'all units of the others' test "$(grep -o 'data-layer=[12] data-unit=' a.html | wc -l)" -eq 30
check 'it says that units are left out' grep -q 'largest outputs are' a.html
run explain m.safetensors spirals --sample 3,5 --html b.html --quiet
check 'the same bytes again' cmp a.html b.html

# Steps, other data, other tasks, no targets, norms and dropout.
run explain m.safetensors spirals --update --html u.html --quiet
expect_code 0
check 'the step is there' grep -q 'Δθ' u.html
check_html u.html
run train regression --hidden 6 --epochs 2 --normalization batch --dropout 0.2 --quiet -o r.safetensors
run explain r.safetensors regression --html r.html --training --quiet
expect_code 0
check_html r.html
printf 'a,b<i>,c\n1,2,"<b>x"\n2,1,"y&z"\n3,5,"<b>x"\n4,1,"y&z"\n' >names.csv
run train names.csv --target c --hidden 3 --epochs 2 --test 0 --quiet -o names.safetensors
run explain names.safetensors names.csv --split train --html names.html --quiet
expect_code 0
check_html names.html
check 'names are escaped' bash -c "! grep -qE '<b>x|y&z' names.html"

run mistakes m.safetensors spirals --html mistakes.html --quiet
expect_code 0
expect_out '^mistakes of'
check_html mistakes.html
check 'ten samples' test "$(grep -c '<section id=s' mistakes.html)" -eq 10
check 'the ones that are listed' test "$(grep -oE 'data-sample=[0-9]+' mistakes.html | sed 's/.*=//')" = \
    "$(sed -n '/^sample/,/^$/p' out | awk 'NF > 1 && NR > 1 {print $1}')"

fails_with 2 "expected the name of a file" explain m.safetensors spirals --html -
fails_with 2 'leave --layer out' explain m.safetensors spirals --html x.html --layer 0
fails_with 2 'has rows 0' explain m.safetensors spirals --html x.html --sample 99999
fails_with 1 'no/x.html' explain m.safetensors spirals --html no/x.html
check 'nothing half written' test ! -e x.html

# Contrast of the text's colours to the ground, light and dark (WCAG 2: at least 4.5).
find_contrasts() {
    sed -n '/^:root/p;/^@media(prefers/p' a.html | tr ";{}" "\n" | awk -F : '
        function channel(text, at,   v) {
            v = index("0123456789abcdef", substr(text, at, 1)) * 16 - 16 + \
                index("0123456789abcdef", substr(text, at + 1, 1)) - 1
            v /= 255
            return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ^ 2.4
        }
        function light(text) {
            return 0.2126 * channel(text, 2) + 0.7152 * channel(text, 4) + 0.0722 * channel(text, 6)
        }
        /^--/ { colour[substr($1, 3)] = light($2) }
        $1 == "--soft" {
            n = split("text dim plus minus good bad", names, " ")
            for (i = 1; i <= n; i++) {
                a = colour[names[i]]; b = colour["paper"]
                ratio = a > b ? (a + 0.05) / (b + 0.05) : (b + 0.05) / (a + 0.05)
                print names[i], ratio
            }
        }'
}
find_contrasts >contrasts
check 'six colours, twice' test "$(wc -l <contrasts)" -eq 12
check 'contrast' awk '$2 < 4.5 { bad = 1 } END { exit bad }' contrasts

# doctor --html: what the terminal says, number for number.
run doctor spirals --hidden 32,32,32 --batch-size 1 --optimizer sgd --learning-rate 0.3 --epochs 3 \
    --html doctor.html --quiet
expect_code 1
check_html doctor.html
check 'a section for each finding' test "$(grep -c '<section data-code=' doctor.html)" -eq \
    "$(grep -cE '^(ERROR|WARNING|NOTE) ' out)"
sed -nE 's/.*<th scope=row>(.*)<td class=n>(.*)<td>(.*)/\1 \2 \3/p' doctor.html |
    sed -E 's/&#39;/'"'"'/g; s/ +/ /g; s/ $//' >numbers.html
check 'numbers' test "$(wc -l <numbers.html)" -gt 10
sed -E 's/^ +//; s/ +/ /g' out >lines
check 'each of them is in the terminal' test -z "$(grep -vxFf lines numbers.html)"
check 'the remedy' grep -q "<code>$(sed -n 's/^  try   //p' out | head -1)</code>" doctor.html
check 'the course of the loss' grep -q "$(sed -n '4s/^ *//p' out)" doctor.html
cp out first
run doctor moons --hidden 16 --html healthy.html --quiet
expect_code 0
check_html healthy.html
check 'nothing was found' grep -q 'Nothing was found' healthy.html
printf 'a,b\n1,x\nnan,y\n' >none.csv
run doctor none.csv --target b --html none.html --quiet
expect_code 1
check_html none.html
check 'data that was refused' grep -q 'data-code=nan_in_data' none.html
fails_with 2 "--html: found '-'" doctor moons --html -
fails_with 1 'no/such/x.html: cannot write.*--html' doctor moons --epochs 1000000 --html no/such/x.html
fails_with 2 '--html: none.csv' doctor none.csv --target b --html none.csv

# At 360 pixels nothing but tables is wider than the window.
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -n "$browser" ] && [ -z "${SCRATCHML_SANITIZE:-}" ]; then
    sed 's/<details/<details open/g' a.html >open.html
    cat >frame.html <<'PAGE'
<!DOCTYPE html><iframe id=f src=open.html style="width:360px;height:800px"></iframe><p id=o></p>
<script>f.onload = () => { o.textContent = 'wide ' + f.contentDocument.documentElement.scrollWidth }</script>
PAGE
    timeout 60 "$browser" --headless --no-sandbox --disable-gpu --allow-file-access-from-files \
        --user-data-dir="$work/profile" --virtual-time-budget=5000 --dump-dom "file://$work/frame.html" \
        >dom 2>/dev/null || true
    width=$(grep -oE 'wide [0-9]+<' dom | grep -oE '[0-9]+' || echo 0)
    check "a telephone needs not scroll sideways ($width)" test "$width" -gt 300 -a "$width" -le 360
fi

finish

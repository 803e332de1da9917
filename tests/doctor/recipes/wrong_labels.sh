# shellcheck shell=bash disable=SC2034
# A tenth of the labels changed, by chance: of points of generated sets, printed as they are.
change() {
    "$SCRATCHML" data show "$1" --split train --count 10000 --json |
        jq -r '.samples[] | [.features[], .label] | @csv' | tr -d '"' |
        awk -F , -v OFS=, -v share="$2" -v classes="$3" 'BEGIN {
            x = 1
            print "a", "b", "label"
        } {
            x = (x * 69069 + 1) % 4294967296
            if (x / 4294967296 < share) {
                x = (x * 69069 + 1) % 4294967296
                $3 = ($3 + 1 + int(x / 4294967296 * (classes - 1))) % classes
            }
            print $1, $2, "class" $3
        }'
}
make_data() {
    change blobs 0.1 3 >blobs.csv
    change blobs 0 3 >blobs_clean.csv
    change spirals 0.1 3 >spirals.csv
    change spirals 0 3 >spirals_clean.csv
}
sick='blobs.csv --target label --epochs 30
spirals.csv --target label --hidden 64,64 --epochs 60'
healthy='blobs_clean.csv --target label --epochs 30
spirals_clean.csv --target label --hidden 64,64 --epochs 60'

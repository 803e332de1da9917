# shellcheck shell=bash disable=SC2034
# Labels changed by chance, of one class or of all: of points of generated sets, printed as they are.
change() {
    "$SCRATCHML" data show "$1" --split train --count 10000 --json |
        jq -r '.samples[] | [.features[], .label] | @csv' | tr -d '"' |
        awk -F , -v OFS=, -v share="$2" -v classes="$3" -v of="${4-all}" 'BEGIN {
            x = 1
            print "a", "b", "label"
        } {
            x = (x * 69069 + 1) % 4294967296
            if ((of == "all" || $3 == of) && x / 4294967296 < share) {
                x = (x * 69069 + 1) % 4294967296
                $3 = ($3 + 1 + int(x / 4294967296 * (classes - 1))) % classes
            }
            print $1, $2, "class" $3
        }'
}
# Two classes that overlap, normal, that many deviations apart: with 2.8 a twelfth of the points lies
# beyond the border, with 1.7 a fifth, and every label is right.
overlap() {
    awk -v apart="$1" 'BEGIN {
        x = 1
        print "a,b,label"
        for (i = 0; i < 1500; i++) {
            for (k = 0; k < 2; k++) {
                u[k] = 0
                for (j = 0; j < 12; j++) {
                    x = (x * 69069 + 1) % 4294967296
                    u[k] += x / 4294967296
                }
            }
            print u[0] + apart * (i % 2) "," u[1] ",class" i % 2
        }
    }'
}
make_data() {
    overlap 2.8 >overlap.csv
    overlap 1.7 >overlap_more.csv
    change blobs 0.1 3 >blobs.csv
    change blobs 0.3 2 0 >one_class.csv
    change blobs 0 3 >blobs_clean.csv
    change spirals 0.1 3 >spirals.csv
    change spirals 0 3 >spirals_clean.csv
}
sick='blobs.csv --target label --epochs 30
one_class.csv --target label --epochs 30
spirals.csv --target label --hidden 64,64 --epochs 60'
healthy='blobs_clean.csv --target label --epochs 30
spirals_clean.csv --target label --hidden 64,64 --epochs 60
overlap.csv --target label
overlap_more.csv --target label'

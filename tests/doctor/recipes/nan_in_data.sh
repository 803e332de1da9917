# shellcheck shell=bash disable=SC2034
# A cell that is no number, which is refused, in a table and in LIBSVM text, a target that is missing,
# and a column of which two fifths are missing.
make_data() {
    awk 'BEGIN {
        x = 1
        header = "a,b,label"
        print header >"clean.csv"
        print header >"infinite.csv"
        print header >"holes.csv"
        print header >"unknown.csv"
        for (i = 0; i < 400; i++) {
            for (k = 0; k < 2; k++) {
                x = (x * 69069 + 1) % 4294967296
                u[k] = x / 4294967296
            }
            label = u[0] > u[1] ? "up" : "down"
            print u[0] "," u[1] "," label >"clean.csv"
            print u[0] "," (i == 17 ? "inf" : u[1]) "," label >"infinite.csv"
            print u[0] "," (i % 5 < 2 ? "nan" : u[1]) "," label >"holes.csv"
            print u[0] "," u[1] "," (i == 17 ? "" : label) >"unknown.csv"
            print (label == "up") " 1:" u[0] " 2:" (i == 17 ? "nan" : u[1]) >"nan.svm"
        }
    }'
}
sick='infinite.csv --target label --epochs 20
unknown.csv --target label --epochs 20
nan.svm --epochs 20
holes.csv --target label --epochs 20'
healthy='clean.csv --target label --epochs 40'

# shellcheck shell=bash disable=SC2034
# Columns in units of 1, a thousand and a million; and all up to 60, which ruins a regression.
make_data() {
    awk 'BEGIN {
        x = 1
        print "metres,millimetres,micrometres,label" >"units.csv"
        print "a,b,c,y" >"sixties.csv"
        for (i = 0; i < 600; i++) {
            for (k = 0; k < 3; k++) {
                x = (x * 69069 + 1) % 4294967296
                u[k] = x / 4294967296
            }
            print u[0] "," 1e3 * u[1] "," 1e6 * u[2] "," (u[0] + u[1] + u[2] > 1.5 ? "long" : "short") >"units.csv"
            print 60 * u[0] "," 60 * u[1] "," 60 * u[2] "," u[0] + u[1] * u[2] >"sixties.csv"
        }
    }'
}
sick='units.csv --target label --scaling none --epochs 30
units.csv --target label --scaling none --epochs 30 --optimizer sgd
sixties.csv --target y --task regression --scaling none --epochs 30 --optimizer sgd'
healthy='units.csv --target label --epochs 30
sixties.csv --target y --task regression --epochs 30'

# shellcheck shell=bash disable=SC2034
# Columns far from 0: half of the units never open.
make_data() {
    awk 'BEGIN {
        x = 1
        print "a,b,label"
        for (i = 0; i < 600; i++) {
            for (k = 0; k < 2; k++) {
                x = (x * 69069 + 1) % 4294967296
                u[k] = x / 4294967296
            }
            print 5 + u[0] "," 5 + u[1] "," (u[0] > u[1] ? "up" : "down")
        }
    }' >far.csv
}
sick='far.csv --target label --hidden 64 --scaling none --learning-rate 0.1 --optimizer sgd'
healthy='far.csv --target label --hidden 64 --learning-rate 0.1 --optimizer sgd'

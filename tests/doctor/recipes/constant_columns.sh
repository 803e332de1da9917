# shellcheck shell=bash disable=SC2034
# A column of which every cell is 7: a note, since it does no harm.
make_data() {
    awk 'BEGIN {
        x = 1
        print "a,seven,b,label" >"seven.csv"
        print "a,b,label" >"varied.csv"
        for (i = 0; i < 600; i++) {
            for (k = 0; k < 2; k++) {
                x = (x * 69069 + 1) % 4294967296
                u[k] = x / 4294967296
            }
            label = u[0] > u[1] ? "up" : "down"
            print u[0] ",7," u[1] "," label >"seven.csv"
            print u[0] "," u[1] "," label >"varied.csv"
        }
    }'
}
severity=note
sick='seven.csv --target label --epochs 30'
healthy='varied.csv --target label --epochs 30'

# shellcheck shell=bash disable=SC2034
# One row of fifty is positive, and lies where negative ones lie, too.
make_data() {
    awk 'BEGIN {
        x = 1
        print "a,b,label"
        for (i = 0; i < 5000; i++) {
            for (k = 0; k < 12; k++) {
                x = (x * 69069 + 1) % 4294967296
                u[k] = x / 4294967296
            }
            a = u[0] + u[1] + u[2] + u[3] + u[4] + u[5] - 3
            b = u[6] + u[7] + u[8] + u[9] + u[10] + u[11] - 3
            is = i % 50 == 0
            print a + 1.2 * is "," b + 1.2 * is "," (is ? "ill" : "well")
        }
    }' >rare.csv
}
sick='rare.csv --target label --epochs 10'
healthy='rare.csv --target label --epochs 10 --class-weight balanced'

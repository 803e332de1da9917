# shellcheck shell=bash disable=SC2034
# A column that is the class and a little noise, and one that is a multiple of the target.
make_data() {
    awk 'BEGIN {
        x = 1
        print "a,b,code,label" >"leak.csv"
        print "a,b,label" >"sound.csv"
        print "a,b,price_cents,price" >"cents.csv"
        print "a,b,price" >"price.csv"
        for (i = 0; i < 600; i++) {
            for (k = 0; k < 4; k++) {
                x = (x * 69069 + 1) % 4294967296
                u[k] = x / 4294967296
            }
            is = u[0] + u[1] + 0.2 * u[2] > 1.1
            label = is ? "yes" : "no"
            price = u[0] + u[1] + 0.2 * u[2]
            print u[0] "," u[1] "," is + 0.01 * u[3] "," label >"leak.csv"
            print u[0] "," u[1] "," label >"sound.csv"
            print u[0] "," u[1] "," 100 * price "," price >"cents.csv"
            print u[0] "," u[1] "," price >"price.csv"
        }
    }'
}
sick='leak.csv --target label --epochs 30
cents.csv --target price --task regression --epochs 30'
healthy='sound.csv --target label --epochs 30
price.csv --target price --task regression --epochs 30'

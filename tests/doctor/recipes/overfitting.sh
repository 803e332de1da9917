# shellcheck shell=bash disable=SC2034
# Labels by chance: there is nothing to learn but the rows themselves.
make_data() {
    awk 'BEGIN {
        x = 1
        print "a,b,label"
        for (i = 0; i < 200; i++) {
            for (k = 0; k < 3; k++) {
                x = (x * 69069 + 1) % 4294967296
                u[k] = x / 4294967296
            }
            print u[0] "," u[1] "," (u[2] < 0.5 ? "heads" : "tails")
        }
    }' >chance.csv
}
sick='chance.csv --target label --hidden 256,256 --epochs 200 --validation 0.4 --test 0'
healthy='blobs --validation 0.3 --epochs 30'

# shellcheck shell=bash disable=SC2034
# Labels by chance: there is nothing to learn but the rows themselves.
make_data() {
    awk 'BEGIN {
        x = 1
        for (k = 0; k < 20; k++) printf "c%d,", k
        print "label"
        for (i = 0; i < 200; i++) {
            for (k = 0; k < 21; k++) {
                x = (x * 69069 + 1) % 4294967296
                if (k < 20) printf "%.6f,", x / 4294967296
            }
            print (x < 2147483648 ? "heads" : "tails")
        }
    }' >chance.csv
    awk 'BEGIN {
        x = 1
        for (k = 0; k < 300; k++) printf "c%d,", k
        print "label"
        for (i = 0; i < 200; i++) {
            for (k = 0; k < 301; k++) {
                x = (x * 69069 + 1) % 4294967296
                if (k < 300) printf "%.6f,", x / 4294967296
            }
            print "class" int(x / 429496729.6)
        }
    }' >wide.csv
}
sick='chance.csv --target label --hidden 64,64 --epochs 100 --validation 0.4 --test 0
chance.csv --target label --hidden 64,64 --epochs 100 --test 0.4
wide.csv --target label --hidden 200 --epochs 25 --validation 0.4 --test 0'
healthy='blobs --validation 0.3 --epochs 30'

# shellcheck shell=bash disable=SC2034
# Labels that are half chance: a larger network learns the rows by heart, and knows no more.
make_data() {
    awk 'BEGIN {
        x = 1
        print "a,b,c,d,e,f,label"
        for (i = 0; i < 600; i++) {
            row = ""
            sum = 0
            for (k = 0; k < 7; k++) {
                x = (x * 69069 + 1) % 4294967296
                u = x / 4294967296
                sum += k == 0 || k == 6 ? u : 0
                row = k < 6 ? row u "," : row
            }
            print row (sum > 1 ? "up" : "down")
        }
    }' >chance.csv
}
sick='spirals --hidden 1 --epochs 100
spirals --hidden 2 --epochs 100'
healthy='spirals --hidden 64,64 --epochs 50
chance.csv --target label --hidden 4 --epochs 150'

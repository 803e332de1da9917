# shellcheck shell=bash disable=SC2034
# A third of the rows stands twice, or all stand three times; the test part is cut from all.
make_data() {
    awk 'BEGIN {
        x = 1
        print "a,b,label" >"once.csv"
        print "a,b,label" >"twice.csv"
        print "a,b,label" >"thrice.csv"
        for (i = 0; i < 600; i++) {
            for (k = 0; k < 2; k++) {
                x = (x * 69069 + 1) % 4294967296
                u[k] = x / 4294967296
            }
            row = u[0] "," u[1] "," (u[0] > u[1] ? "up" : "down")
            print row >"once.csv"
            print row >"twice.csv"
            if (i % 3 == 0) {
                print row >"twice.csv"
            }
            for (k = 0; k < 3; k++) {
                print row >"thrice.csv"
            }
        }
    }'
}
sick='twice.csv --target label --epochs 30
thrice.csv --target label --epochs 30'
healthy='once.csv --target label --epochs 30'

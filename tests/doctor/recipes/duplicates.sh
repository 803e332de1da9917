# shellcheck shell=bash disable=SC2034
# A third of the rows stands twice, or all stand three times; the test part is cut from all. Rows of few
# values meet by chance.
make_data() {
    awk 'BEGIN {
        x = 1
        print "a,b,label" >"once.csv"
        print "a,b,c,d,e,f,label" >"dice.csv"
        print "a,b,label" >"twice.csv"
        print "a,b,label" >"thrice.csv"
        for (i = 0; i < 900; i++) {
            for (k = 0; k < 2; k++) {
                x = (x * 69069 + 1) % 4294967296
                u[k] = x / 4294967296
            }
            row = ""
            for (k = 0; k < 6; k++) {
                x = (x * 69069 + 1) % 4294967296
                die[k] = 1 + int(5 * x / 4294967296)
                row = row die[k] ","
            }
            print row (die[0] + die[1] > 5.5 ? "much" : "little") >"dice.csv"
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
healthy='once.csv --target label --epochs 30
dice.csv --target label --epochs 30 --seed 1
dice.csv --target label --epochs 30 --seed 2'

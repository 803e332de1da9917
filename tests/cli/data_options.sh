#!/usr/bin/env bash
# The options of reading data: who has them, what is refused, and by which name.
set -eu
. "$(dirname "$0")/lib.sh"

printf '1 2\n3 4\n' >rows.txt
for command in train 'data info' 'data show'; do
    # Split on purpose: "data info" is two words.
    # shellcheck disable=SC2086
    run $command --help
    for option in target weight drop categorical task delimiter decimal header no-header size memory index-base; do
        expect_out "^ +--$option( |\$)"
    done
    # shellcheck disable=SC2086
    fails_with 2 "--delimiter: found 'ab', expected one character or 'tab'" \
        $command rows.txt --delimiter ab
    # shellcheck disable=SC2086
    fails_with 2 '--target is for files; .moons. is a data set known by name' \
        $command moons --target x
done
fails_with 2 "--delimiter: found ''" data info rows.txt --delimiter ''
fails_with 2 "--decimal: found ';', expected '.' or ','" data info rows.txt --decimal ';'
fails_with 2 '--header and --no-header contradict' data info rows.txt --header --no-header
fails_with 2 "--task: found 'clustering', expected one of" data info rows.txt --task clustering
fails_with 2 '--no-header is for files' data info moons --no-header
for size in 28 28x x28 0x3 3x0 28x28x28 '28 x28' 99999999999999999999x2 16385x2; do
    fails_with 2 "--size: found '$size', expected height and width in 1…16384" \
        data info rows.txt --size "$size"
done
for memory in '' 0 -1 5X 5KB 99999999999999999999 99999999999T M; do
    fails_with 2 "--memory: found '$memory', expected bytes, such as 500M or 2G" \
        data info rows.txt --memory "$memory"
done
for memory in 1000000 500k 500M 2G 1t; do
    run data info rows.txt --memory "$memory"
    expect_code 0
done
run data info moons --memory 1G
expect_code 0
fails_with 2 "--index-base: found '2', expected one of 0.1" data info rows.txt --index-base 2
fails_with 2 '--index-base is for LIBSVM text; rows.txt is none' data info rows.txt --index-base 1
fails_with 2 '--index-base is for files' data info moons --index-base 1
fails_with 2 '--size is for pictures; rows.txt has none' data info rows.txt --size 28x32
fails_with 2 'unknown option --target' info m --target x

finish

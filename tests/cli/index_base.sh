#!/usr/bin/env bash
# LIBSVM text whose indices count from 0, as scikit-learn writes it: the model remembers it, so that
# rows without an index 0 are not read one column off.
set -eu
. "$(dirname "$0")/lib.sh"

# 60 rows; column 1 says the class, column 0 is there in every third row.
perl -e 'for my $i (0 .. 59) {
    my $y = $i % 2;
    my $x = ($y ? 1 : -1) * (1 + $i % 7);
    print $i % 3 ? "$y 1:$x 2:5\n" : "$y 0:1 1:$x 2:5\n";
}' >from_0.svm
perl -pe 's/(\d+):/($1 + 1) . ":"/ge' from_0.svm >from_1.svm
grep -v ' 0:' from_0.svm >empty_0.svm
grep -v ' 1:1 2' from_1.svm >empty_1.svm
settings=(--hidden 4 --epochs 40 --learning-rate 0.05 --test 0)

run data info from_0.svm
expect_code 0
expect_out '^ +compressed, indices from 0$'
expect_err '^from_0.svm: columns count from 0, since an index is 0; --index-base says otherwise$'
run data info from_1.svm --json
expect_json '.index_base == 1 and .columns == 3'
expect_err '^from_1.svm: columns count from 1, since no index is 0;'
run data info empty_0.svm --index-base 0 --json
expect_json '.index_base == 0 and .columns == 3'
check 'what was said is not told' [ ! -s err ]
run data info empty_0.svm --quiet --json
expect_json '.index_base == 1 and .columns == 2'
check 'quiet' [ ! -s err ]

run train from_0.svm "${settings[@]}" -o zero.safetensors
expect_code 0
expect_err 'columns count from 0'
run train from_1.svm "${settings[@]}" -o one.safetensors
expect_code 0
run info zero.safetensors
expect_out '^indices of LIBSVM text count from 0$'
run info zero.safetensors --json
expect_json '.index_base == 0'
train_spirals spirals.safetensors
run info spirals.safetensors --json
expect_json '.index_base == null'

# Rows whose column 0 is empty get the same answers, whatever a file counts from.
run evaluate zero.safetensors empty_0.svm --json
expect_json '.accuracy == 1 and .samples == 40'
check 'what the model knows is not told' [ ! -s err ]
run evaluate one.safetensors empty_1.svm --json
expect_json '.accuracy == 1 and .samples == 40'
run predict zero.safetensors empty_0.svm
cp out wanted
run predict zero.safetensors empty_1.svm --index-base 1
check 'the same from 1' cmp wanted out
run predict one.safetensors empty_1.svm
check 'the same from the other model' cmp wanted out
# A training that goes on keeps the base.
run train empty_0.svm --from zero.safetensors --epochs 1 --test 0 -o on.safetensors
expect_code 0
run predict on.safetensors from_0.svm
expect_code 0

# An index 0 where the model counts from 1.
fails_with 1 "from_0.svm:1: '0:1' has index 0, but columns are counted from 1 here" \
    evaluate one.safetensors from_0.svm
expect_err '--index-base 0'
run evaluate one.safetensors from_0.svm --index-base 0 --json
expect_json '.accuracy == 1'
fails_with 1 "from_0.svm:1: '0:1' has index 0" train from_0.svm --index-base 1
finish

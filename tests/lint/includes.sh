#!/usr/bin/env bash
# tools/check-includes finds every kind of wrong arrow, and only those.
source "$(dirname "$0")/lib.sh"

# arrow FILE INCLUDE: a tree that holds just this include.
arrow() {
    rm -rf "${scratch:?}"/*
    printf '#include %s\n' "$2" | write "$1"
}

right() {
    arrow "$1" "$2"
    passes "$1 includes $2" "$tools/check-includes" "$scratch"
}

wrong() {
    arrow "$1" "$2"
    fails_with "$1:1" "$1 includes $2" "$tools/check-includes" "$scratch"
}

right src/base/a.c '"base/memory.h"'
right src/base/a.c '<scratchml/base.h>'
right src/base/a.c '<stdlib.h>'
right src/math/simd/a.c '"math/kernels.h"'
right src/data/a.c '"math/kernels.h"'
right src/model/a.c '"data/dataset.h"'
right src/nn/layers/a.c '"model/algorithm.h"'
right src/nn/layers/a.c '"nn/layer.h"'
right src/explain/a.c '"nn/network.h"'
right src/explain/a.c '"study/trial.h"'
right include/scratchml.h '<scratchml/network.h>'
right include/scratchml/model.h '<scratchml/data.h>'
right include/scratchml/model.h '<scratchml/fit.h>'
right include/scratchml/trace.h '<scratchml/model.h>'
right include/scratchml/what_if.h '<scratchml/trace.h>'
right cli/a.c '"options.h"'
right cli/a.c '<scratchml.h>'
right examples/a.c '<scratchml.h>'

wrong src/base/a.c '"math/kernels.h"'
wrong src/base/a.c '"nn/layer.h"'
wrong src/math/a.c '"data/dataset.h"'
wrong src/data/a.c '"metrics/a.h"'
wrong src/metrics/a.c '"data/dataset.h"'
wrong src/data/a.c '"model/algorithm.h"'
wrong src/model/a.c '"nn/layer.h"'
wrong src/nn/a.c '"explain/trace.h"'
wrong src/study/a.c '"explain/trace.h"'
wrong src/explain/a.c '"cli/options.h"'
wrong src/nn/losses/a.c '"cli/options.h"'
wrong src/nn/losses/a.c '"../loss.h"'
wrong src/nn/losses/a.c '"loss.h"'
wrong src/model/a.c '<nn/layer.h>'
wrong src/newroom/a.c '"base/memory.h"'
wrong include/scratchml/data.h '<scratchml/model.h>'
wrong include/scratchml/fit.h '<scratchml/model.h>'
wrong include/scratchml/model.h '<scratchml/trace.h>'
wrong include/scratchml/base.h '<jansson.h>'
wrong include/scratchml/base.h '"base/context.h"'
wrong cli/a.c '"base/memory.h"'
wrong cli/a.c '<base/memory.h>'
wrong cli/a.c '"../src/base/memory.h"'
wrong examples/a.c '"base/memory.h"'
wrong examples/a.c '"scratchml.h"'

passes 'this repository' "$tools/check-includes"
finish

#!/usr/bin/env bash
# Each public header stands alone, in C11 and in C++11; the examples are short; the libraries
# give no name that is not ours.
source "$(dirname "$0")/lib.sh"

warnings=(-Wall -Wextra -Wconversion -Wshadow -Werror -pedantic)

step 'each header alone'
include=$SCRATCHML_SOURCE/include
while read -r header; do
    printf '#include <%s>\n#include <%s>\n' "$header" "$header" >"$scratch/alone.c"
    gcc -std=c11 "${warnings[@]}" -I"$include" -fsyntax-only "$scratch/alone.c"
    g++ -std=c++11 "${warnings[@]}" -I"$include" -fsyntax-only -x c++ "$scratch/alone.c"
done < <(cd "$include" && find . -name '*.h' | sed 's|^\./||')

step 'a predictor in C++'
cat >"$scratch/predict.cpp" <<'CPP'
#include <scratchml.h>
#include <vector>

int main()
{
    const float features[] = {0, 1, 1, 0, 1, 1, 0, 0};
    const int32_t labels[] = {0, 1, 0, 1};
    sml_data_view view = sml_data_view();
    view.rows = 4, view.columns = 2, view.features = features;
    view.labels = labels, view.outputs = 2;
    sml_ctx *ctx = nullptr;
    sml_dataset *data = nullptr;
    sml_model *model = nullptr;
    sml_predictor *predictor = nullptr;
    std::vector<float> one(2), all(8);
    bool failed = sml_ctx_create(nullptr, &ctx) || sml_dataset_from_memory(ctx, &view, &data) ||
                  sml_model_create(ctx, "mlp", "epochs=1", &model) ||
                  sml_model_fit(ctx, model, data) ||
                  sml_model_predict(ctx, model, data, all.data(), all.size()) ||
                  sml_predictor_create(ctx, model, &predictor);
    if (!failed) {
        sml_predictor_run(predictor, features, one.data());
        failed = one[0] != all[0] || one[1] != all[1];
    }
    sml_predictor_free(predictor);
    sml_model_free(model);
    sml_dataset_free(data);
    sml_ctx_free(ctx);
    return failed;
}
CPP
g++ -std=c++11 "${warnings[@]}" -I"$include" "$scratch/predict.cpp" -o "$scratch/predict" \
    -L"$SCRATCHML_BUILD" -lscratchml
LD_LIBRARY_PATH=$SCRATCHML_BUILD "$scratch/predict" || fail 'a predictor in C++'

step 'examples have at most 40 lines'
for example in "$SCRATCHML_SOURCE"/examples/*.c; do
    [[ $(wc -l <"$example") -le 40 ]] || fail "$example is longer"
done

step 'symbols'
shared=$SCRATCHML_BUILD/libscratchml.so
exported=$(nm -D --defined-only "$shared" | awk '{ print $3 }' | sed 's/@.*//')
[[ -n $exported ]] || fail 'the shared library exports nothing'
if grep -vE '^(sml|scratchml)_[a-z0-9]' <<<"$exported"; then
    fail 'the shared library exports the names above'
fi
[[ $(readelf -d "$shared") =~ SONAME.*libscratchml\.so\.0] ]] || fail 'SONAME'

# Every function that the headers declare is there.
declared=$(grep -rhoE '\b(sml|scratchml)_[a-z0-9_]+\(' "$include" | tr -d '(' | sort -u)
defined=$(nm -g --defined-only "$SCRATCHML_BUILD/libscratchml.a" | awk 'NF == 3 { print $3 }')
while read -r name; do
    grep -rqE "^SML_API.*\b$name\(" "$include" || continue
    grep -qx "$name" <<<"$defined" || fail "$name is declared and not defined"
done <<<"$declared"
if grep -vE '^(sml|scratchml)_' <<<"$defined"; then
    fail 'the static library defines the names above'
fi

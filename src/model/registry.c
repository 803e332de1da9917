#include "base/text.h"
#include "model/algorithm.h"

#include <string.h>

/* Every algorithm, one line each. The folders that define them come after this one in the order
 * of includes, so they are declared here and not included. */
#define ALGORITHMS(X) X(sml__mlp_algorithm)

#define DECLARE(algorithm) extern const sml__algorithm algorithm;
ALGORITHMS(DECLARE)

#define ADDRESS(algorithm) &algorithm,
static const sml__algorithm *const registry[] = {ALGORITHMS(ADDRESS)};

enum { N_ALGORITHMS = sizeof registry / sizeof registry[0] };

const sml__algorithm *sml__algorithm_at(size_t index)
{
    return index < N_ALGORITHMS ? registry[index] : NULL;
}

static const sml__algorithm *find(const char *name)
{
    for (size_t i = 0; i < N_ALGORITHMS; i++) {
        if (strcmp(registry[i]->name, name) == 0) {
            return registry[i];
        }
    }
    return NULL;
}

const sml__algorithm *sml__algorithm_named(sml_ctx *ctx, const char *name)
{
    const sml__algorithm *algorithm = find(name);
    if (algorithm == NULL) {
        const char *names[N_ALGORITHMS];
        for (size_t i = 0; i < N_ALGORITHMS; i++) {
            names[i] = registry[i]->name;
        }
        sml__fail_unknown(ctx, "algorithm", name, names, N_ALGORITHMS);
    }
    return algorithm;
}

const sml_parameter *sml_model_parameters(const char *algorithm, size_t *count)
{
    const sml__algorithm *found = find(algorithm);
    *count = found != NULL ? found->n_parameters : 0;
    return found != NULL ? found->parameters : NULL;
}

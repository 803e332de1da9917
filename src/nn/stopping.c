#include "nn/stopping.h"

#include <math.h>
#include <string.h>

static double loss(const sml_scores *scores)
{
    return scores->loss;
}

static double accuracy(const sml_scores *scores)
{
    return scores->accuracy;
}

const sml__stopping_metric *sml__stopping_named(const char *name)
{
    static const sml__stopping_metric metrics[] = {
        {.name = "loss", .of = loss},
        {.name = "accuracy", .larger_is_better = 1, .needs_classes = 1, .of = accuracy},
    };
    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++) {
        if (strcmp(metrics[i].name, name) == 0) {
            return &metrics[i];
        }
    }
    return NULL;
}

int sml__stopping_see(sml__stopping *stopping, const sml__stopping_metric *metric,
                      double min_change, uint64_t epoch, double score)
{
    const double gain = metric->larger_is_better ? score - stopping->best : stopping->best - score;
    const int is_best = stopping->best_epoch == 0 ? isfinite(score) : gain > min_change;
    if (!is_best) {
        stopping->waited++;
        return 0;
    }
    stopping->best = score;
    stopping->best_epoch = epoch;
    stopping->waited = 0;
    return 1;
}

#include "nn/stopping.h"

#include <math.h>
#include <string.h>

#define AS_ROW(metric, larger) {.name = #metric, .larger_is_better = (larger)},

const sml__stopping_metric *sml__stopping_named(const char *name)
{
    static const sml__stopping_metric metrics[] = {SML__STOPPING_LIST(AS_ROW)};
    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++) {
        if (strcmp(metrics[i].name, name) == 0) {
            return &metrics[i];
        }
    }
    return NULL;
}

int sml__stopping_reads_outputs(const sml__stopping_metric *metric)
{
    return strcmp(metric->name, "loss") != 0 && strcmp(metric->name, "accuracy") != 0;
}

int sml__stopping_see(sml__stopping *stopping, const sml__stopping_metric *metric,
                      double min_change, uint64_t epoch, double score)
{
    const double gain = metric->larger_is_better ? score - stopping->best : stopping->best - score;
    const int is_best = isfinite(score) && (stopping->best_epoch == 0 || gain > min_change);
    if (!is_best) {
        stopping->waited++;
        return 0;
    }
    stopping->best = score;
    stopping->best_epoch = epoch;
    stopping->waited = 0;
    return 1;
}

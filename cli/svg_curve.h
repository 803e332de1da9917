/* A learning curve as an SVG picture: loss, and a metric below it, over the epochs. */
#ifndef CLI_SVG_CURVE_H
#define CLI_SVG_CURVE_H

#include "command.h"

/* One epoch; NaN where a figure is not known. */
typedef struct curve_record {
    double epoch;
    double loss, validation_loss;
    double metric, validation_metric;
} curve_record;

typedef struct curve {
    const char *title, *subtitle;
    const char *metric; /* its name, such as "accuracy" */
    double best_epoch;  /* is marked; NaN: none */
    const curve_record *records;
    size_t n; /* at least 1 */
} curve;

/* Writes the file whole or not at all. Returns 0 or the exit code after a message. */
int svg_curve_save(const session *s, const curve *c, const char *path);

#endif

#include "losses.h"

#include <math.h>
#include <stdio.h>

enum { LEVELS = 8, INDENT = 8 };

static void print_level(const terminal *out, size_t level)
{
    static const char *const bars[LEVELS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const digits[LEVELS] = {"0", "1", "2", "3", "4", "5", "6", "7"};
    fputs(out->unicode ? bars[level] : digits[level], out->stream);
}

loss_course losses_of(const sml_doctor *doctor)
{
    loss_course c = {.least = (double)INFINITY, .most = -(double)INFINITY};
    c.n = sml_doctor_losses(doctor, c.means, LOSSES_MOST, &c.batches);
    for (size_t i = 0; i < c.n; i++) {
        c.least = fmin(c.least, c.means[i]);
        c.most = fmax(c.most, c.means[i]);
    }
    return c;
}

double losses_height(const loss_course *c, size_t i)
{
    return c->most > c->least ? (c->means[i] - c->least) / (c->most - c->least) : 0;
}

void losses_print(const terminal *out, const sml_doctor *doctor)
{
    const loss_course c = losses_of(doctor);
    if (c.n < 2 || c.n + INDENT >= terminal_width(out)) {
        return;
    }
    fputs("  loss  ", out->stream);
    for (size_t i = 0; i < c.n; i++) {
        print_level(out, (size_t)(losses_height(&c, i) * (LEVELS - 1) + 0.5));
    }
    fprintf(out->stream, "\n        first %.4g, least %.4g, most %.4g, last %.4g\n", c.means[0],
            c.least, c.most, c.means[c.n - 1]);
}

json_t *losses_document(const sml_doctor *doctor)
{
    const loss_course c = losses_of(doctor);
    json_t *document = json_object(), *means = json_array();
    for (size_t i = 0; i < c.n; i++) {
        document_append(means, json_figure(c.means[i]));
    }
    document_set(document, "batches_each", json_count(c.batches));
    document_set(document, "means", means);
    return document;
}

#include "losses.h"

#include <math.h>
#include <stdio.h>

enum { WINDOWS = 64, LEVELS = 8, INDENT = 8 };

static void print_level(const terminal *out, size_t level)
{
    static const char *const bars[LEVELS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const digits[LEVELS] = {"0", "1", "2", "3", "4", "5", "6", "7"};
    fputs(out->unicode ? bars[level] : digits[level], out->stream);
}

void losses_print(const terminal *out, const sml_doctor *doctor)
{
    double losses[WINDOWS], least = (double)INFINITY, most = -(double)INFINITY;
    const size_t n = sml_doctor_losses(doctor, losses, WINDOWS, NULL);
    if (n < 2 || n + INDENT >= terminal_width(out)) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        least = fmin(least, losses[i]);
        most = fmax(most, losses[i]);
    }
    fputs("  loss  ", out->stream);
    for (size_t i = 0; i < n; i++) {
        const double height = most > least ? (losses[i] - least) / (most - least) : 0;
        print_level(out, (size_t)(height * (LEVELS - 1) + 0.5));
    }
    fprintf(out->stream, "\n        first %.4g, least %.4g, most %.4g, last %.4g\n", losses[0],
            least, most, losses[n - 1]);
}

json_t *losses_document(const sml_doctor *doctor)
{
    double losses[WINDOWS];
    uint64_t batches = 0;
    const size_t n = sml_doctor_losses(doctor, losses, WINDOWS, &batches);
    json_t *document = json_object(), *means = json_array();
    for (size_t i = 0; i < n; i++) {
        document_append(means, json_figure(losses[i]));
    }
    document_set(document, "batches_each", json_count(batches));
    document_set(document, "means", means);
    return document;
}

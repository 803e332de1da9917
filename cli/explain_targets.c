/* What an answer should be, from the command line. */
#include "explain_options.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A class by its name becomes a one-hot row. */
static int read_class(const session *s, const char *text, const sml_model *model, float *row)
{
    const size_t n = sml_model_outputs(model);
    const char **names = allocate(n, sizeof *names);
    size_t found = n;
    for (size_t k = 0; k < n; k++) {
        names[k] = sml_model_class_name(model, k);
        found = strcmp(names[k], text) == 0 ? k : found;
    }
    const char *nearest = sml_nearest_name(text, names, n);
    free(names);
    if (found < n) {
        row[found] = 1;
        return 0;
    }
    return nearest != NULL
               ? fail_usage(s->program, "--should-be: no class '%s'; did you mean '%s'?",
                            printable(text).text, printable(nearest).text)
               : fail_usage(s->program,
                            "--should-be: found '%s', expected one of %zu classes: %s…%s",
                            printable(text).text, n, printable(sml_model_class_name(model, 0)).text,
                            printable(sml_model_class_name(model, n - 1)).text);
}

static int fail_numbers(const session *s, const char *text, size_t n)
{
    return n == 1 ? fail_usage(s->program, "--should-be: found '%s', expected a number",
                               printable(text).text)
                  : fail_usage(s->program, "--should-be: found '%s', expected %zu numbers X,X,…",
                               printable(text).text, n);
}

/* Numbers, separated by commas. */
static int read_numbers(const session *s, const char *text, size_t n, float *row)
{
    const char *at = text;
    for (size_t k = 0; k < n; k++) {
        char *end = NULL;
        const double value = strspn(at, "0123456789+-.eE") > 0 ? strtod(at, &end) : (double)NAN;
        if (end == NULL || end == at || !isfinite((float)value) ||
            *end != (k + 1 < n ? ',' : '\0')) {
            return fail_numbers(s, text, n);
        }
        row[k] = (float)value;
        at = end + (*end == ',');
    }
    return 0;
}

int explain_targets(const session *s, const char *text, const sml_model *model, float **out)
{
    const size_t n = sml_model_outputs(model);
    float *targets = allocate(SML_TRACE_ROWS_MAX * n, sizeof *targets);
    const int code = sml_model_task(model) == SML_TASK_CLASSIFICATION
                         ? read_class(s, text, model, targets)
                         : read_numbers(s, text, n, targets);
    for (size_t r = 1; r < SML_TRACE_ROWS_MAX; r++) {
        memcpy(targets + r * n, targets, n * sizeof *targets);
    }
    *out = targets;
    return code;
}

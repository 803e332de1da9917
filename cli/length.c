#include "length.h"

#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* On tables of scikit-learn (iris, wine, breast_cancer, digits) the loss of five folds is least
 * between 500 and 2,000 steps of adam; ten epochs of 128 rows are 10 steps there. */
enum { STEPS_LEAST = 1000, EPOCHS_MOST = 1000, BATCH_LEAST = 8, BATCHES = 10 };

static int is_known_by_name(const char *data)
{
    const sml_catalog_entry *entry;
    for (size_t i = 0; (entry = sml_catalog(i)) != NULL; i++) {
        if (strcmp(entry->name, data) == 0) {
            return 1;
        }
    }
    return 0;
}

/* A setting that is a whole number. */
static uint64_t setting(const sml_model *model, const char *name)
{
    return strtoull(sml_model_get(model, name), NULL, 10);
}

static int settle(const session *s, sml_model *model, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    return sml_model_set(s->ctx, model, name, text) == SML_OK ? 0 : fail_library(s);
}

/* Rows that steps are made with: those for validation are kept apart. */
static uint64_t rows_of(const sml_model *model, const sml_dataset *train)
{
    sml_dataset_facts facts;
    sml_dataset_describe(train, &facts);
    const double share = strtod(sml_model_get(model, "validation"), NULL);
    const uint64_t rows = facts.rows - (uint64_t)(share * (double)facts.rows);
    return rows > 0 ? rows : 1;
}

int settle_length(const session *s, sml_model *model, const char *data, const sml_dataset *train)
{
    const uint64_t rows = rows_of(model, train);
    const uint64_t usual_batch = setting(model, "batch_size"), usual = setting(model, "epochs");
    uint64_t batch = usual_batch, epochs = usual;
    if (is_known_by_name(data)) {
        return 0;
    }
    if (!option_given(&s->options, "batch_size")) {
        const uint64_t tenth = rows / BATCHES > BATCH_LEAST ? rows / BATCHES : BATCH_LEAST;
        batch = tenth < batch ? tenth : batch;
    }
    const uint64_t steps = (rows - 1) / batch + 1; /* of an epoch */
    if (!option_given(&s->options, "epochs")) {
        const uint64_t enough = (STEPS_LEAST - 1) / steps + 1;
        epochs = enough > epochs ? enough : epochs;
        epochs = epochs < EPOCHS_MOST ? epochs : EPOCHS_MOST;
    }
    if (batch == usual_batch && epochs == usual) {
        return 0;
    }
    note(s, "few rows (%s): --epochs %" PRIu64 " --batch-size %" PRIu64 ", which are %s",
         format_count(rows).text, epochs, batch, counted(epochs * steps, "step").text);
    const int code = settle(s, model, "epochs", epochs);
    return code == 0 ? settle(s, model, "batch_size", batch) : code;
}

#include "nn/training_json.h"

#include "base/context.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

void sml__record_to_numbers(const sml_epoch_record *record, double numbers[SML__RECORD_NUMBERS])
{
    const double all[SML__RECORD_NUMBERS] = {
        (double)record->epoch,
        record->loss,
        record->accuracy,
        record->validation_loss,
        record->validation_accuracy,
        record->learning_rate,
        record->gradient_norm,
        record->seconds,
        record->validation_metric,
    };
    memcpy(numbers, all, sizeof all);
}

void sml__record_of_numbers(const double numbers[SML__RECORD_NUMBERS], sml_epoch_record *record)
{
    *record = (sml_epoch_record){
        .epoch = numbers[0] >= 0 && numbers[0] < 0x1p53 ? (uint64_t)numbers[0] : 0,
        .loss = numbers[1],
        .accuracy = numbers[2],
        .validation_loss = numbers[3],
        .validation_accuracy = numbers[4],
        .learning_rate = numbers[5],
        .gradient_norm = numbers[6],
        .seconds = numbers[7],
        .validation_metric = numbers[8],
    };
}

/* The members of a state: counts, and real numbers, of which null stands for `missing`. */
typedef struct field {
    const char *name;
    size_t offset;
    int is_count;
    double missing;
} field;

#define COUNT(member)                                                                              \
    {                                                                                              \
#member, offsetof(sml__training_state, member), 1, 0                                       \
    }
#define REAL(member, null)                                                                         \
    {                                                                                              \
#member, offsetof(sml__training_state, member), 0, null                                    \
    }

static const field FIELDS[] = {
    COUNT(epoch),
    COUNT(first),
    COUNT(steps),
    COUNT(samples),
    COUNT(hits),
    REAL(epoch_loss, 0.0),
    REAL(epoch_weight, 0.0),
    REAL(loss, (double)NAN),
    REAL(elapsed, 0.0),
    REAL(stopping.best, 0.0),
    COUNT(stopping.best_epoch),
    COUNT(stopping.waited),
    REAL(plateau.best, (double)INFINITY),
    REAL(plateau.factor, 1.0),
    COUNT(plateau.waited),
};

enum { N_FIELDS = sizeof FIELDS / sizeof FIELDS[0] };

json_t *sml__training_state_json(sml_ctx *ctx, const sml__training_state *state)
{
    json_t *json = json_object();
    int failed = json == NULL;
    for (size_t i = 0; i < N_FIELDS && !failed; i++) {
        const char *at = (const char *)state + FIELDS[i].offset;
        uint64_t count = 0;
        double real = 0;
        json_t *value = NULL;
        if (FIELDS[i].is_count) {
            memcpy(&count, at, sizeof count);
            value = json_integer((json_int_t)count);
        } else {
            memcpy(&real, at, sizeof real);
            value = isfinite(real) ? json_real(real) : json_null();
        }
        failed = json_object_set_new(json, FIELDS[i].name, value) != 0;
    }
    if (failed) {
        sml__fail(ctx, SML_NO_MEMORY, "out of memory: the state of a training");
        json_decref(json);
        return NULL;
    }
    return json;
}

/* One member; 0 where it is missing or of another kind. */
static int read_field(const json_t *json, const field *f, sml__training_state *state)
{
    const json_t *value = json_object_get(json, f->name);
    char *at = (char *)state + f->offset;
    if (f->is_count) {
        const uint64_t count = (uint64_t)json_integer_value(value);
        memcpy(at, &count, sizeof count);
        return json_is_integer(value) && json_integer_value(value) >= 0;
    }
    const double real = json_is_null(value) ? f->missing : json_number_value(value);
    memcpy(at, &real, sizeof real);
    return json_is_null(value) || json_is_number(value);
}

/* Whether training can have been there. */
static int is_possible(const sml__training_state *state, const sml__training_limits *limits)
{
    const int is_between_batches =
        state->first == limits->rows ||
        (state->first < limits->rows && state->first % limits->batch_size == 0);
    return state->epoch <= limits->epochs && is_between_batches &&
           (state->epoch < limits->epochs || state->first == 0) &&
           state->stopping.best_epoch <= state->epoch && state->plateau.factor >= 0;
}

sml_status sml__training_state_of_json(sml_ctx *ctx, const char *path, const json_t *json,
                                       const sml__training_limits *limits,
                                       sml__training_state *state)
{
    sml__training_state_init(state);
    for (size_t i = 0; i < N_FIELDS; i++) {
        if (!read_field(json, &FIELDS[i], state)) {
            return sml__fail(ctx, SML_BAD_FILE, "%s: training: '%s' is not a number", path,
                             FIELDS[i].name);
        }
    }
    if (!is_possible(state, limits)) {
        return sml__fail(ctx, SML_BAD_FILE,
                         "%s: training: epoch %llu, row %llu is no place in this training", path,
                         (unsigned long long)state->epoch, (unsigned long long)state->first);
    }
    state->n_history =
        state->epoch < SML__HISTORY_MAX ? (size_t)state->epoch : (size_t)SML__HISTORY_MAX;
    return SML_OK;
}

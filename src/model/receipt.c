#include "model/receipt.h"

#include "base/context.h"
#include "base/memory.h"
#include "model/parameters.h"

#include <math.h>

json_t *sml__settings_json(sml_ctx *ctx, const sml_model *model)
{
    const sml__algorithm *algorithm = model->algorithm;
    json_t *settings = json_object();
    int failed = settings == NULL;
    for (size_t i = 0; i < algorithm->n_parameters && !failed; i++) {
        json_t *text = json_string(model->settings[i]);
        failed = json_object_set_new(settings, algorithm->parameters[i].name, text) != 0;
    }
    if (failed) {
        sml__fail(ctx, SML_NO_MEMORY, "out of memory: the settings of a model");
        json_decref(settings);
        return NULL;
    }
    return settings;
}

/* A finite number, or null: JSON knows neither NaN nor infinity. */
static json_t *number_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

/* Names the data; the split only where there is one. -1 on failure. */
static int put_data(sml_ctx *ctx, json_t *object, const sml_dataset_facts *facts)
{
    int failed = json_object_set_new(object, "data", sml__json_string(ctx, facts->name));
    if (failed == 0 && facts->split[0] != '\0') {
        failed = json_object_set_new(object, "split", sml__json_string(ctx, facts->split));
    }
    return failed;
}

static int has_seed(const sml_model *model)
{
    const sml__algorithm *algorithm = model->algorithm;
    size_t n = algorithm->n_parameters;
    return sml__parameter_index(algorithm->parameters, n, "seed") < n;
}

/* Every member but the results. -1 on failure. */
static int put_origin(sml_ctx *ctx, json_t *receipt, const sml_model *model,
                      const sml_dataset_facts *facts, const char *sha256)
{
    int failed = json_object_set_new(receipt, "library_version", json_string(scratchml_version()));
    if (failed == 0 && has_seed(model)) {
        json_t *seed = json_integer(sml__setting_integer(model, "seed"));
        failed = json_object_set_new(receipt, "seed", seed);
    }
    if (failed == 0) {
        failed = put_data(ctx, receipt, facts);
    }
    if (failed == 0) {
        failed = json_object_set_new(receipt, "rows", json_integer((json_int_t)facts->rows));
    }
    return failed != 0 ? failed : json_object_set_new(receipt, "data_sha256", json_string(sha256));
}

/* The results of a fit that is about to start. "ended" lists the ways in which it may end, of which
 * sml__receipt_finish leaves one: so it needs no memory. -1 on failure. */
static int put_results(json_t *receipt)
{
    static const char *const endings[] = {
        [SML_FIT_FINISHED] = "finished",       [SML_FIT_CANCELLED] = "cancelled",
        [SML_FIT_DIVERGED] = "diverged",       [SML_FIT_STOPPED_EARLY] = "stopped early",
        [SML_FIT_OUT_OF_TIME] = "out of time",
    };
    json_t *ended = json_array();
    int failed = 0;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0] && failed == 0; i++) {
        failed = json_array_append_new(ended, json_string(endings[i]));
    }
    if (failed != 0 || json_object_set_new(receipt, "epochs", json_integer(0)) != 0 ||
        json_object_set_new(receipt, "steps", json_integer(0)) != 0 ||
        json_object_set_new(receipt, "loss", json_real(0.0)) != 0) {
        json_decref(ended);
        return -1;
    }
    return json_object_set_new(receipt, "ended", ended);
}

/* Which rows were scored after every epoch, and room for the best of them. -1 on failure. */
static int put_validation(sml_ctx *ctx, json_t *receipt, const sml_dataset *validation,
                          const char *sha256)
{
    sml_dataset_facts facts;
    json_t *object = json_object();
    sml_dataset_describe(validation, &facts);
    if (object == NULL || put_data(ctx, object, &facts) != 0 ||
        json_object_set_new(object, "rows", json_integer((json_int_t)facts.rows)) != 0 ||
        json_object_set_new(object, "data_sha256", json_string(sha256)) != 0 ||
        json_object_set_new(receipt, "best_epoch", json_integer(0)) != 0 ||
        json_object_set_new(receipt, "best_score", json_real(0.0)) != 0) {
        json_decref(object);
        return -1;
    }
    return json_object_set_new(receipt, "validation", object);
}

sml_status sml__receipt_create(sml_ctx *ctx, const sml_model *model, const sml_dataset *train,
                               const sml_dataset *validation, uint64_t epochs_before, json_t **out)
{
    char of_train[65], of_validation[65];
    sml_dataset_facts facts;
    *out = NULL;
    sml_dataset_describe(train, &facts);
    sml_status status = sml_dataset_sha256(ctx, train, of_train);
    if (status == SML_OK && validation != NULL) {
        status = sml_dataset_sha256(ctx, validation, of_validation);
    }
    if (status != SML_OK) {
        return status;
    }
    json_t *receipt = json_object();
    int failed = receipt == NULL || put_origin(ctx, receipt, model, &facts, of_train) != 0;
    if (!failed && epochs_before > 0) {
        failed = json_object_set_new(receipt, "epochs_before",
                                     json_integer((json_int_t)epochs_before)) != 0;
    }
    if (!failed && validation != NULL) {
        failed = put_validation(ctx, receipt, validation, of_validation) != 0;
    }
    if (failed || put_results(receipt) != 0) {
        json_decref(receipt);
        return sml__fail(ctx, SML_NO_MEMORY, "out of memory: the training receipt");
    }
    *out = receipt;
    return SML_OK;
}

/* Gives a number that is there already its value; null where it is not finite. */
static void finish_real(json_t *receipt, const char *key, double value)
{
    if (!isfinite(value)) {
        json_object_set_new(receipt, key, json_null());
    } else {
        json_real_set(json_object_get(receipt, key), value);
    }
}

void sml__receipt_finish(json_t *receipt, const sml_fit_report *report)
{
    json_t *endings = json_object_get(receipt, "ended");
    json_object_set(receipt, "ended", json_array_get(endings, (size_t)report->ended));
    json_integer_set(json_object_get(receipt, "epochs"), (json_int_t)report->epochs);
    json_integer_set(json_object_get(receipt, "steps"), (json_int_t)report->steps);
    finish_real(receipt, "loss", report->loss);
    if (json_object_get(receipt, "validation") == NULL) {
        return;
    }
    if (report->best_epoch == 0) {
        json_object_del(receipt, "best_epoch");
        json_object_del(receipt, "best_score");
        return;
    }
    json_integer_set(json_object_get(receipt, "best_epoch"), (json_int_t)report->best_epoch);
    finish_real(receipt, "best_score", report->best_score);
}

sml_status sml__receipt_adopt(sml_ctx *ctx, sml_model *model, json_t *receipt)
{
    char *text = sml__json_write(ctx, receipt);
    if (receipt != model->receipt) {
        json_decref(model->receipt);
        model->receipt = receipt;
    }
    if (text == NULL) {
        return SML_NO_MEMORY;
    }
    sml__free(model->receipt_text);
    model->receipt_text = text;
    return SML_OK;
}

uint64_t sml__receipt_epochs(const json_t *receipt)
{
    json_int_t epochs = json_integer_value(json_object_get(receipt, "epochs"));
    json_int_t before = json_integer_value(json_object_get(receipt, "epochs_before"));
    return (epochs > 0 ? (uint64_t)epochs : 0) + (before > 0 ? (uint64_t)before : 0);
}

/* {"data", "split"?, "accuracy", "loss", "samples"}; NULL on failure. */
static json_t *scores_object(sml_ctx *ctx, const sml_dataset *data, const sml_scores *scores)
{
    sml_dataset_facts facts;
    sml_dataset_describe(data, &facts);
    json_t *object = json_object();
    if (object == NULL || put_data(ctx, object, &facts) != 0 ||
        json_object_set_new(object, "accuracy", number_or_null(scores->accuracy)) != 0 ||
        json_object_set_new(object, "loss", number_or_null(scores->loss)) != 0 ||
        json_object_set_new(object, "samples", json_integer((json_int_t)scores->samples)) != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

/* Gives the receipt one more member, whose reference is taken. */
static sml_status put_member(sml_ctx *ctx, sml_model *model, const char *key, json_t *value)
{
    json_t *receipt = json_copy(model->receipt);
    /* json_copy leaves out what it has no memory for */
    if (json_object_size(receipt) != json_object_size(model->receipt) || value == NULL ||
        json_object_set(receipt, key, value) != 0) {
        json_decref(value);
        json_decref(receipt);
        return sml__fail(ctx, SML_NO_MEMORY, "out of memory: the training receipt");
    }
    json_decref(value);
    json_t *before = json_incref(model->receipt);
    sml_status status = sml__receipt_adopt(ctx, model, receipt);
    if (status != SML_OK) {
        json_decref(model->receipt);
        model->receipt = json_incref(before);
    }
    json_decref(before);
    return status;
}

static sml_status check_fitted(sml_ctx *ctx, const sml_model *model, const char *verb)
{
    return model->receipt != NULL
               ? SML_OK
               : sml__fail(ctx, SML_BAD_ARGUMENT,
                           "%s: the model was never fitted; call sml_model_fit first", verb);
}

sml_status sml_model_record_scores(sml_ctx *ctx, sml_model *model, const sml_dataset *data,
                                   const sml_scores *scores)
{
    sml_status status = check_fitted(ctx, model, "record scores");
    return status == SML_OK ? put_member(ctx, model, "scores", scores_object(ctx, data, scores))
                            : status;
}

static sml_status check_split(sml_ctx *ctx, uint64_t seed, double share)
{
    return share > 0 && share < 1 && seed <= INT64_MAX
               ? SML_OK
               : sml__fail(ctx, SML_BAD_ARGUMENT,
                           "record split: a share of %g; it lies between 0 and 1", share);
}

static json_t *split_object(uint64_t seed, double share)
{
    return json_pack("{s:f, s:I}", "test", share, "seed", (json_int_t)seed);
}

sml_status sml_model_record_split(sml_ctx *ctx, sml_model *model, uint64_t seed, double test_share)
{
    sml_status status = check_fitted(ctx, model, "record split");
    if (status == SML_OK) {
        status = check_split(ctx, seed, test_share);
    }
    return status == SML_OK ? put_member(ctx, model, "held_out", split_object(seed, test_share))
                            : status;
}

sml_status sml__receipt_put_split(sml_ctx *ctx, json_t *receipt, uint64_t seed, double share)
{
    if (share == 0) {
        return SML_OK;
    }
    const sml_status status = check_split(ctx, seed, share);
    if (status == SML_OK &&
        json_object_set_new(receipt, "held_out", split_object(seed, share)) != 0) {
        return sml__fail(ctx, SML_NO_MEMORY, "out of memory: the training receipt");
    }
    return status;
}

int sml__receipt_split(const json_t *receipt, uint64_t *seed, double *test_share)
{
    const json_t *split = json_object_get(receipt, "held_out");
    const json_int_t number = json_integer_value(json_object_get(split, "seed"));
    *test_share = json_number_value(json_object_get(split, "test"));
    *seed = (uint64_t)(number >= 0 ? number : 0);
    return *test_share > 0 && *test_share < 1 && number >= 0;
}

const char *sml_model_receipt(const sml_model *model)
{
    return model->receipt_text != NULL ? model->receipt_text : "{}";
}

/* Reads a model file. The checksum finds damage; that the file was made with ill intent it does not
 * find, so everything after it is checked as if there were none. */
#include "base/context.h"
#include "base/memory.h"
#include "model/model_file.h"
#include "model/model_names.h"
#include "model/prepare_model.h"
#include "model/receipt.h"
#include "model/safetensors.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A file on its way to become a model. */
typedef struct loader {
    sml_ctx *ctx;
    const char *path;
    const char *format; /* what it must be */
    const unsigned char *bytes;
    size_t length;
    sml__safetensors file;
    sml_model *model;
} loader;

/* Turns the failure of a part into one of the file: puts the path in front of its text. */
static sml_status refuse(const loader *l, sml_status status, const char *where)
{
    char text[sizeof l->ctx->error];
    if (status == SML_OK || status == SML_NO_MEMORY) {
        return status;
    }
    memcpy(text, l->ctx->error, sizeof text);
    return sml__fail(l->ctx, SML_BAD_FILE, "%s: %s%s", l->path, where, text);
}

/* The text under key; NULL where there is none. */
static const char *find_text(const loader *l, const char *key)
{
    return json_string_value(json_object_get(l->file.metadata, key));
}

static sml_status take_text(const loader *l, const char *key, const char **text)
{
    *text = find_text(l, key);
    return *text != NULL
               ? SML_OK
               : sml__fail(l->ctx, SML_BAD_FILE, "%s: metadata: '%s' is missing", l->path, key);
}

/* Decimal digits only. */
static sml_status take_size(const loader *l, const char *key, size_t maximum, size_t *size)
{
    const char *text = NULL;
    size_t value = 0;
    sml_status status = take_text(l, key, &text);
    if (status != SML_OK) {
        return status;
    }
    int good = text[0] != '\0';
    for (const char *c = text; *c != '\0' && good; c++) {
        good = *c >= '0' && *c <= '9' && value <= maximum / 10;
        value = value * 10 + (size_t)(*c - '0');
    }
    if (!good || value > maximum) {
        return sml__fail(l->ctx, SML_BAD_FILE, "%s: metadata: %s '%.32s' is not a number up to %zu",
                         l->path, key, text, maximum);
    }
    *size = value;
    return SML_OK;
}

sml_status sml__metadata_json(sml_ctx *ctx, const char *path, const json_t *metadata,
                              const char *key, json_t **json)
{
    const char *text = json_string_value(json_object_get(metadata, key));
    sml__json_error error;
    if (text == NULL) {
        return sml__fail(ctx, SML_BAD_FILE, "%s: metadata: '%s' is missing", path, key);
    }
    sml_status status = sml__json_read(ctx, text, strlen(text), &error, json);
    if (status == SML_BAD_FILE) {
        return sml__fail(ctx, SML_BAD_FILE, "%s: metadata: %s is not JSON: byte %zu: %s", path, key,
                         error.position, error.reason);
    }
    return status;
}

static sml_status take_json(const loader *l, const char *key, json_t **json)
{
    return sml__metadata_json(l->ctx, l->path, l->file.metadata, key, json);
}

/* A checkpoint in place of a model, or a model in place of a checkpoint. */
static sml_status refuse_other_kind(const loader *l)
{
    const int is_checkpoint = strcmp(l->format, SML__FORMAT) == 0;
    return sml__fail(l->ctx, SML_BAD_FILE, "%s: a %s, not a %s; %s", l->path,
                     is_checkpoint ? "checkpoint" : "model", is_checkpoint ? "model" : "checkpoint",
                     is_checkpoint ? "resume the training that wrote it, which saves a model"
                                   : "to go on from it, start warm from the model");
}

/* A version says which parts there are. */
static sml_status check_version(const loader *l, const char *version)
{
    const int is_prepared = strcmp(version, SML__FORMAT_PREPARED) == 0;
    const int is_scaled = strcmp(version, SML__FORMAT_SCALED) == 0;
    if (!is_prepared && !is_scaled && strcmp(version, SML__FORMAT_PLAIN) != 0) {
        return sml__fail(l->ctx, SML_BAD_FILE,
                         "%s: format version '%.16s', this library (%s) reads versions '%s' to "
                         "'%s'; use the library that wrote it, or a newer one",
                         l->path, version, scratchml_version(), SML__FORMAT_PLAIN,
                         SML__FORMAT_SCALED);
    }
    if (!is_scaled && is_prepared != (find_text(l, "preprocessing") != NULL)) {
        return sml__fail(l->ctx, SML_BAD_FILE,
                         "%s: metadata: format version '%s' %s 'preprocessing'", l->path, version,
                         is_prepared ? "needs" : "has no");
    }
    if (is_scaled != (find_text(l, "target_scaling") != NULL)) {
        return sml__fail(l->ctx, SML_BAD_FILE,
                         "%s: metadata: format version '%s' %s 'target_scaling'", l->path, version,
                         is_scaled ? "needs" : "has no");
    }
    return SML_OK;
}

static sml_status check_format(const loader *l)
{
    const char *format = find_text(l, "format");
    const char *version = find_text(l, "format_version");
    if (format != NULL && strcmp(format, l->format) != 0 &&
        (strcmp(format, SML__FORMAT) == 0 || strcmp(format, SML__CHECKPOINT) == 0)) {
        return refuse_other_kind(l);
    }
    if (format == NULL || strcmp(format, l->format) != 0) {
        return sml__fail(l->ctx, SML_BAD_FILE,
                         "%s: foreign file: no scratchml metadata; it holds %zu tensors, but not "
                         "what kind of model they belong to. Only files that scratchml saved can "
                         "be loaded",
                         l->path, l->file.n);
    }
    return check_version(l, version != NULL ? version : "");
}

/* libFuzzer defines the macro in its builds only: without the gate it reaches what lies behind. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
static sml_status check_digest(const loader *l)
{
    (void)l;
    return SML_OK;
}
#else
static sml_status check_digest(const loader *l)
{
    const sml__piece piece = {l->bytes, l->length};
    char actual[SML__DIGEST + 1];
    size_t header = (size_t)(l->file.data - l->bytes);
    const unsigned char *digits = sml__digest_find(l->bytes, header);
    if (digits == NULL) {
        return sml__fail(l->ctx, SML_BAD_FILE, "%s: metadata: 'sha256' is missing", l->path);
    }
    sml__digest_compute(&piece, 1, digits, actual);
    if (memcmp(actual, digits, SML__DIGEST) != 0) {
        return sml__fail(l->ctx, SML_BAD_FILE,
                         "%s: the checksum does not match: the file says %.12s…, its content gives "
                         "%.12s…; it is damaged or was changed by another program. Take a copy, or "
                         "train again",
                         l->path, (const char *)digits, actual);
    }
    return SML_OK;
}
#endif

static sml_status create_model(loader *l)
{
    const char *name = NULL;
    sml_status status = take_text(l, "algorithm", &name);
    if (status != SML_OK) {
        return status;
    }
    const sml__algorithm *algorithm = sml__algorithm_named(l->ctx, name);
    status = algorithm != NULL ? sml__model_create(l->ctx, algorithm, NULL, &l->model)
                               : SML_UNKNOWN_NAME;
    return refuse(l, status, "metadata: ");
}

/* A setting that the file does not have keeps its default. */
static sml_status take_settings(loader *l)
{
    json_t *settings = NULL, *value;
    const char *name;
    sml_status status = take_json(l, "settings", &settings);
    if (status == SML_OK && !json_is_object(settings)) {
        status =
            sml__fail(l->ctx, SML_BAD_FILE, "%s: metadata: settings is not an object", l->path);
    }
    json_object_foreach(settings, name, value)
    {
        if (status == SML_OK && !json_is_string(value)) {
            status = sml__fail(l->ctx, SML_BAD_FILE, "%s: settings: '%.64s' is not a text", l->path,
                               name);
        }
        if (status == SML_OK) {
            status = sml_model_set(l->ctx, l->model, name, json_string_value(value));
            status = refuse(l, status, "settings: ");
        }
    }
    json_decref(settings);
    if (status == SML_OK) {
        l->model->fit_settings = sml__settings_json(l->ctx, l->model);
        status = l->model->fit_settings != NULL ? SML_OK : SML_NO_MEMORY;
    }
    return status;
}

static sml_status take_task(loader *l)
{
    const char *name = NULL;
    sml_status status = take_text(l, "task", &name);
    if (status != SML_OK) {
        return status;
    }
    for (int task = SML_TASK_CLASSIFICATION; task <= SML_TASK_REGRESSION; task++) {
        if (strcmp(sml_task_name((sml_task)task), name) == 0) {
            l->model->task = (sml_task)task;
            return SML_OK;
        }
    }
    return sml__fail(l->ctx, SML_BAD_FILE, "%s: metadata: unknown task '%.32s'", l->path, name);
}

/* What the indices of LIBSVM text count from, where the model was trained on such. */
static sml_status take_index_base(loader *l)
{
    size_t base = 0;
    if (find_text(l, "index_base") == NULL) {
        return SML_OK;
    }
    const sml_status status = take_size(l, "index_base", 1, &base);
    l->model->index_base = base == 0 ? SML_INDEX_FROM_0 : SML_INDEX_FROM_1;
    return status;
}

/* A model has at least a byte for each of its outputs, so their number is bounded by the file;
 * widths must fit the int of BLAS. */
static sml_status take_shape(loader *l, size_t *outputs)
{
    sml_model *model = l->model;
    size_t pixels = 0, cap = l->length < INT32_MAX ? l->length : INT32_MAX;
    sml_status status = take_task(l);
    if (status == SML_OK) {
        status = take_size(l, "inputs", INT32_MAX, &model->inputs);
    }
    if (status == SML_OK) {
        status = take_size(l, "outputs", cap, outputs);
    }
    if (status == SML_OK) {
        status = take_size(l, "height", INT32_MAX, &model->height);
    }
    if (status == SML_OK) {
        status = take_size(l, "width", INT32_MAX, &model->width);
    }
    if (status != SML_OK) {
        return status;
    }
    if (model->inputs == 0 || *outputs == 0) {
        return sml__fail(l->ctx, SML_BAD_FILE, "%s: metadata: %zu inputs and %zu outputs", l->path,
                         model->inputs, *outputs);
    }
    int fits = sml__multiply(model->height, model->width, &pixels) &&
               (pixels == model->inputs || (model->height == 0 && model->width == 0));
    return fits ? SML_OK
                : sml__fail(l->ctx, SML_BAD_FILE, "%s: metadata: pictures of %zu × %zu, %zu inputs",
                            l->path, model->height, model->width, model->inputs);
}

/* names[outputs] borrowed from a JSON list. */
static sml_status list_names(const loader *l, const json_t *json, size_t outputs,
                             const char **names)
{
    if (!json_is_array(json) || json_array_size(json) != outputs) {
        return sml__fail(l->ctx, SML_BAD_FILE, "%s: metadata: class_names is not a list of %zu",
                         l->path, outputs);
    }
    for (size_t i = 0; i < outputs; i++) {
        names[i] = json_string_value(json_array_get(json, i));
        if (names[i] == NULL) {
            return sml__fail(l->ctx, SML_BAD_FILE, "%s: metadata: class name %zu is not a text",
                             l->path, i);
        }
    }
    const int twins = sml__has_twins(l->ctx, names, outputs);
    if (twins < 0) {
        return SML_NO_MEMORY;
    }
    return twins == 0 ? SML_OK
                      : sml__fail(l->ctx, SML_BAD_FILE,
                                  "%s: metadata: class_names has a name twice", l->path);
}

/* Sets the names and, with them, model->outputs. */
static sml_status take_names(loader *l, size_t outputs)
{
    json_t *json = NULL;
    const char **names = NULL;
    sml_status status = SML_OK;
    if (find_text(l, "class_names") != NULL) {
        names = sml__alloc(l->ctx, outputs, sizeof *names, "class names");
        status = names != NULL ? take_json(l, "class_names", &json) : SML_NO_MEMORY;
        if (status == SML_OK) {
            status = list_names(l, json, outputs, names);
        }
    }
    if (status == SML_OK) {
        status = sml__model_set_names(l->ctx, l->model, names, outputs);
    }
    if (status == SML_OK) {
        l->model->outputs = outputs;
    }
    sml__free(names);
    json_decref(json);
    return status;
}

static sml_status take_preprocessing(loader *l)
{
    json_t *json = NULL;
    if (find_text(l, "preprocessing") == NULL) {
        return SML_OK;
    }
    sml_status status = take_json(l, "preprocessing", &json);
    if (status == SML_OK) {
        status = sml__pipeline_read(l->ctx, json, l->model->inputs, &l->model->pipeline);
        status = refuse(l, status, "preprocessing: ");
    }
    json_decref(json);
    return status;
}

static sml_status take_target_scaling(loader *l)
{
    json_t *json = NULL;
    if (find_text(l, "target_scaling") == NULL) {
        return SML_OK;
    }
    if (l->model->task != SML_TASK_REGRESSION) {
        return sml__fail(l->ctx, SML_BAD_FILE,
                         "%s: metadata: target_scaling of a model that does %s", l->path,
                         sml_task_name(l->model->task));
    }
    sml_status status = take_json(l, "target_scaling", &json);
    if (status == SML_OK) {
        status =
            sml__target_scaling_read(l->ctx, json, l->model->outputs, &l->model->target_scaling);
        status = refuse(l, status, "target_scaling: ");
    }
    json_decref(json);
    return status;
}

static sml_status take_receipt(loader *l)
{
    json_t *receipt = NULL;
    sml_status status = take_json(l, "receipt", &receipt);
    if (status == SML_OK && !json_is_object(receipt)) {
        json_decref(receipt);
        return sml__fail(l->ctx, SML_BAD_FILE, "%s: metadata: receipt is not an object", l->path);
    }
    return status == SML_OK ? sml__receipt_adopt(l->ctx, l->model, receipt) : status;
}

static sml_status rebuild(loader *l)
{
    json_t *structure = NULL;
    size_t available = (l->length - (size_t)(l->file.data - l->bytes)) / sizeof(float);
    sml_status status = take_json(l, "structure", &structure);
    if (status == SML_OK) {
        status = l->model->algorithm->rebuild(l->ctx, l->model, structure, available);
        status = refuse(l, status, "structure: ");
    }
    json_decref(structure);
    return status;
}

static int compare_names(const void *a, const void *b)
{
    const sml__tensor_entry *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* The file's entry for a tensor of the model: same name, F32, same shape. */
static sml_status match(const loader *l, const sml_tensor_facts *facts,
                        const sml__tensor_entry **out)
{
    const sml__tensor_entry key = {.name = facts->name};
    const sml__tensor_entry *entry =
        bsearch(&key, l->file.entries, l->file.n, sizeof key, compare_names);
    if (entry == NULL) {
        return sml__fail(l->ctx, SML_BAD_FILE, "%s: tensor '%.64s' is missing", l->path,
                         facts->name);
    }
    if (strcmp(entry->dtype->name, "F32") != 0) {
        return sml__fail(l->ctx, SML_BAD_FILE, "%s: tensor '%.64s' is %s, expected F32", l->path,
                         facts->name, entry->dtype->name);
    }
    int same = entry->rank == facts->rank;
    for (size_t d = 0; d < facts->rank && same; d++) {
        same = entry->shape[d] == facts->shape[d];
    }
    if (!same) {
        return sml__fail(l->ctx, SML_BAD_FILE,
                         "%s: tensor '%.64s' does not have the shape that the structure asks for",
                         l->path, facts->name);
    }
    *out = entry;
    return SML_OK;
}

/* values has room for the tensor: the file's bytes need not be aligned. */
static sml_status import_tensor(const loader *l, size_t index, const sml__tensor_entry *entry,
                                float *values)
{
    memcpy(values, entry->bytes, entry->end - entry->begin);
    for (size_t i = 0; i < entry->elements; i++) {
        if (!isfinite(values[i])) {
            return sml__fail(l->ctx, SML_BAD_FILE,
                             "%s: tensor '%.64s': element %zu is %s; the model cannot predict",
                             l->path, entry->name, i, isnan(values[i]) ? "NaN" : "infinite");
        }
    }
    return refuse(l, l->model->algorithm->tensor_import(l->ctx, l->model, index, values), "");
}

static size_t largest_tensor(const sml__safetensors *file)
{
    size_t largest = 0;
    for (size_t i = 0; i < file->n; i++) {
        size_t bytes = file->entries[i].end - file->entries[i].begin;
        largest = bytes > largest ? bytes : largest;
    }
    return largest;
}

static sml_status import_tensors(loader *l)
{
    sml_tensor_facts facts;
    size_t index = 0;
    sml_status status = SML_OK;
    float *values = sml__alloc(l->ctx, largest_tensor(&l->file), 1, "a tensor of a file");
    if (values == NULL) {
        return SML_NO_MEMORY;
    }
    qsort(l->file.entries, l->file.n, sizeof *l->file.entries, compare_names);
    while (status == SML_OK && l->model->algorithm->tensor(l->model, index, &facts) == SML_OK) {
        const sml__tensor_entry *entry = NULL;
        status = match(l, &facts, &entry);
        if (status == SML_OK) {
            status = import_tensor(l, index++, entry, values);
        }
    }
    sml__free(values);
    const int may_have_more = strcmp(l->format, SML__CHECKPOINT) == 0;
    if (status == SML_OK && !may_have_more && index != l->file.n) {
        status = sml__fail(l->ctx, SML_BAD_FILE, "%s: %zu tensors, the model has %zu", l->path,
                           l->file.n, index);
    }
    return status;
}

static sml_status load_steps(loader *l)
{
    size_t outputs = 0;
    sml_status status = sml__safetensors_read(l->ctx, l->path, l->bytes, l->length, &l->file);
    if (status == SML_OK) {
        status = check_format(l);
    }
    if (status == SML_OK) {
        status = check_digest(l);
    }
    if (status == SML_OK) {
        status = create_model(l);
    }
    if (status == SML_OK) {
        status = take_settings(l);
    }
    if (status == SML_OK) {
        status = take_shape(l, &outputs);
    }
    if (status == SML_OK) {
        status = take_names(l, outputs);
    }
    if (status == SML_OK) {
        status = take_index_base(l);
    }
    if (status == SML_OK) {
        status = take_preprocessing(l);
    }
    if (status == SML_OK) {
        status = take_target_scaling(l);
    }
    if (status == SML_OK) {
        status = take_receipt(l);
    }
    if (status == SML_OK) {
        status = rebuild(l);
    }
    return status == SML_OK ? import_tensors(l) : status;
}

/* The model; l->file is still there afterwards. */
static sml_status parse(loader *l, sml_model **out)
{
    sml_status status = load_steps(l);
    *out = NULL;
    if (status == SML_OK) {
        *out = l->model;
    } else {
        sml_model_free(l->model);
    }
    return status;
}

sml_status sml__model_parse(sml_ctx *ctx, const char *path, const unsigned char *bytes,
                            size_t length, sml_model **out)
{
    loader l = {.ctx = ctx, .path = path, .format = SML__FORMAT, .bytes = bytes, .length = length};
    const sml_status status = parse(&l, out);
    sml__safetensors_free(&l.file);
    return status;
}

sml_status sml__checkpoint_parse(sml_ctx *ctx, const char *path, const unsigned char *bytes,
                                 size_t length, sml__safetensors *file, sml_model **out)
{
    loader l = {
        .ctx = ctx, .path = path, .format = SML__CHECKPOINT, .bytes = bytes, .length = length};
    const sml_status status = parse(&l, out);
    *file = l.file;
    return status;
}

sml_status sml_model_load(sml_ctx *ctx, const char *path, sml_model **out)
{
    unsigned char *bytes = NULL;
    size_t length = 0;
    *out = NULL;
    sml_status status = sml__file_read(ctx, path, SML__MODEL_FILE_MAX, &bytes, &length);
    if (status == SML_OK) {
        status = sml__model_parse(ctx, path, bytes, length, out);
    }
    sml__free(bytes);
    return status;
}

/* Making data sets, and what they say about themselves. */
#include "data/dataset.h"

#include "base/context.h"
#include "base/memory.h"
#include "data/prepare/pipeline.h"

#include <stdio.h>
#include <string.h>

const char *sml_task_name(sml_task task)
{
    static const char *const names[] = {"none", "classification", "multilabel", "regression"};
    size_t n = sizeof names / sizeof names[0];
    return (size_t)task < n ? names[task] : "unknown";
}

/* Names in one block: first the n pointers, then the texts they point to. */
static char **copy_names(sml_ctx *ctx, const char *const *names, size_t n)
{
    size_t bytes = n * sizeof(char *);
    for (size_t i = 0; i < n; i++) {
        bytes += strlen(names[i]) + 1;
    }
    char **copies = sml__alloc(ctx, bytes, 1, "class names");
    if (copies == NULL) {
        return NULL;
    }
    char *text = (char *)(copies + n);
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(names[i]) + 1;
        copies[i] = memcpy(text, names[i], length);
        text += length;
    }
    return copies;
}

static sml_status name_outputs(sml_ctx *ctx, sml_dataset *data)
{
    sml_data_view *view = &data->view;
    if (view->class_names != NULL && view->outputs > 0) {
        data->class_names = copy_names(ctx, view->class_names, view->outputs);
        view->class_names = (const char *const *)data->class_names;
        return data->class_names != NULL ? SML_OK : SML_NO_MEMORY;
    }
    data->number_names = sml__alloc(ctx, view->outputs, sizeof *data->number_names, "class names");
    if (data->number_names == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t i = 0; i < view->outputs; i++) {
        snprintf(data->number_names[i], sizeof data->number_names[i], "%u", (unsigned)i);
    }
    return SML_OK;
}

/* Copies the name, cut at a whole UTF-8 character where it is too long. */
static void set_name(sml_dataset *data, const char *name)
{
    size_t length = strlen(name);
    if (length >= sizeof data->name) {
        length = sizeof data->name - 1;
        while (length > 0 && ((unsigned char)name[length] & 0xC0) == 0x80) {
            length--;
        }
    }
    memcpy(data->name, name, length);
    data->name[length] = '\0';
    data->view.name = data->name;
}

/* schema: NULL, or what the columns are; store: NULL, or where the features are. Both are borrowed.
 */
static sml_status create(sml_ctx *ctx, const sml_data_view *view, const sml_schema *schema,
                         sml__store *store, sml_dataset **out)
{
    *out = NULL;
    sml_data_view checked = *view;
    sml_status status = sml__view_check(ctx, &checked, schema, store);
    if (status != SML_OK) {
        return status;
    }
    sml_dataset *data = sml__alloc(ctx, 1, sizeof *data, "a data set");
    if (data == NULL) {
        return SML_NO_MEMORY;
    }
    data->view = checked;
    data->schema = schema;
    data->store = store;
    data->store_at = store != NULL ? store->begin : 0;
    set_name(data, checked.name);
    status = name_outputs(ctx, data);
    if (status != SML_OK) {
        sml_dataset_free(data);
        return status;
    }
    *out = data;
    return SML_OK;
}

sml_status sml_dataset_from_memory(sml_ctx *ctx, const sml_data_view *view, sml_dataset **out)
{
    return create(ctx, view, NULL, NULL, out);
}

sml_status sml__dataset_adopt_table(sml_ctx *ctx, const sml_data_view *view, sml_schema *schema,
                                    void *const *blocks, size_t n, sml_dataset **out)
{
    sml_status status = create(ctx, view, schema, NULL, out);
    if (status != SML_OK) {
        for (size_t i = 0; i < n; i++) {
            sml__free(blocks[i]);
        }
        sml__schema_free(schema);
        return status;
    }
    for (size_t i = 0; i < n; i++) {
        (*out)->owned[i] = blocks[i];
    }
    (*out)->owned_schema = schema;
    return SML_OK;
}

sml_status sml__dataset_adopt(sml_ctx *ctx, const sml_data_view *view, void *features,
                              void *targets, sml_dataset **out)
{
    return sml__dataset_adopt_table(ctx, view, NULL, (void *const[]){features, targets}, 2, out);
}

sml_status sml__dataset_adopt_store(sml_ctx *ctx, const sml_data_view *view, sml__store *store,
                                    sml_schema *schema, void *targets, sml_dataset **out)
{
    sml_status status = create(ctx, view, schema, store, out);
    if (status != SML_OK) {
        sml__free(targets);
        sml__schema_free(schema);
        sml__store_free(store);
        return status;
    }
    (*out)->owned[0] = targets;
    (*out)->owned_schema = schema;
    (*out)->owned_store = store;
    return SML_OK;
}

sml_status sml__dataset_status(sml_ctx *ctx, const sml_dataset *data)
{
    return data->store != NULL ? sml__store_status(ctx, data->store) : SML_OK;
}

void sml__dataset_set_schema(sml_dataset *data, sml_schema *schema)
{
    data->owned_schema = schema;
    data->schema = schema;
}

void sml__dataset_set_split(sml_dataset *data, const char *split)
{
    snprintf(data->split, sizeof data->split, "%s", split);
}

void sml_dataset_free(sml_dataset *data)
{
    if (data == NULL) {
        return;
    }
    if (!data->borrows_names) {
        sml__free(data->class_names);
        sml__free(data->number_names);
    }
    for (size_t i = 0; i < SML__BLOCKS; i++) {
        sml__free(data->owned[i]);
    }
    sml__schema_free(data->owned_schema);
    sml__store_free(data->owned_store);
    sml__binding_free(data->owned_binding);
    sml_dataset_free(data->owned_whole);
    sml__free(data);
}

static size_t count_categorical(const sml_schema *schema)
{
    size_t n = 0;
    for (size_t i = 0; schema != NULL && i < schema->n; i++) {
        n += schema->columns[i].kind == SML__CATEGORICAL;
    }
    return n;
}

void sml_dataset_describe(const sml_dataset *data, sml_dataset_facts *facts)
{
    *facts = (sml_dataset_facts){
        .name = data->name,
        .split = data->split,
        .task = data->view.task,
        .rows = data->view.rows,
        .columns = data->view.columns,
        .outputs = data->view.outputs,
        .height = data->view.height,
        .width = data->view.width,
        .stored_as_bytes = sml__dataset_has_bytes(data),
        .scale = data->view.scale,
        .is_streamed = data->store != NULL,
        .is_compressed = data->view.row_starts != NULL,
        .has_weights = data->view.weights != NULL,
        .has_column_names = data->schema != NULL && data->schema->has_names,
        .n_categorical = count_categorical(data->schema),
        .target = data->schema != NULL ? data->schema->target : NULL,
        .index_base = data->index_base,
    };
}

const char *sml_dataset_class_name(const sml_dataset *data, size_t class_index)
{
    if (class_index >= data->view.outputs) {
        return "";
    }
    return data->class_names != NULL ? data->class_names[class_index]
                                     : data->number_names[class_index];
}

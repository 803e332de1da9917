/* libFuzzer target: no bytes make the reader of tables crash, leak, or hand out a data set whose
 * cells, labels and categories contradict each other. The first byte chooses the options, the rest
 * is the file. */
#include "base/memory.h"
#include "data/readers/csv.h"

#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void check_row(const sml_dataset *data, size_t row)
{
    const sml_data_view *view = &data->view;
    for (size_t c = 0; c < view->columns; c++) {
        const sml__column *column = &data->schema->columns[c];
        const float cell = view->features[row * view->row_stride + c];
        const int is_code = cell >= 0 && cell < (float)column->n_categories;
        if (isinf(cell) || (column->kind == SML__CATEGORICAL && !isnan(cell) && !is_code)) {
            __builtin_trap();
        }
    }
    if (view->labels != NULL &&
        strlen(sml_dataset_class_name(data, (size_t)sml_dataset_label(data, row))) == 0) {
        __builtin_trap();
    }
}

/* Opens a copy of the bytes in a block of its own; returns the data set or NULL. */
static sml_dataset *open_copy(sml_ctx *ctx, const uint8_t *bytes, size_t length,
                              const sml_data_options *options)
{
    sml_dataset *data = NULL;
    sml__input input = {"input.csv", sml__alloc(ctx, length, 1, "input"), length};
    if (input.bytes == NULL) {
        return NULL;
    }
    memcpy(input.bytes, bytes, length);
    sml__csv_reader.recognise(&input, options);
    if (sml__csv_reader.open(ctx, &input, options, &data) == SML_OK) {
        for (size_t r = 0; r < data->view.rows; r++) {
            check_row(data, r);
        }
    }
    sml__free(input.bytes);
    return data;
}

/* A table read again as a model would ask for it is the same table. */
static void open_like(sml_ctx *ctx, const uint8_t *bytes, size_t length,
                      const sml_data_options *options, const sml_dataset *first)
{
    sml_data_options again = *options;
    again.like = first->schema;
    again.drop = again.categorical = NULL;
    again.task = first->view.task;
    again.classes = first->view.class_names;
    again.n_classes = again.classes != NULL ? first->view.outputs : 0;
    sml_dataset *second = open_copy(ctx, bytes, length, &again);
    if (second != NULL && second->view.rows != first->view.rows) {
        __builtin_trap();
    }
    sml_dataset_free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static const sml_task tasks[] = {SML_TASK_NONE, SML_TASK_CLASSIFICATION, SML_TASK_REGRESSION,
                                     SML_TASK_NONE};
    const sml_ctx_options context = {1, "/nowhere"};
    sml_ctx *ctx = NULL;
    if (size == 0 || sml_ctx_create(&context, &ctx) != SML_OK) {
        return 0;
    }
    const unsigned kind = input[0];
    const sml_data_options options = {
        .target = kind & 1 ? "#1" : (kind & 2 ? "y" : NULL),
        .task = kind & 3 ? tasks[kind >> 2 & 3] : SML_TASK_NONE,
        .weight = kind & 16 ? "#2" : NULL,
        .categorical = kind & 32 ? "#3" : NULL,
        .decimal = kind & 64 ? ',' : 0,
        .header = kind & 128 ? -1 : 0,
    };
    sml_dataset *data = open_copy(ctx, input + 1, size - 1, &options);
    if (data != NULL) {
        open_like(ctx, input + 1, size - 1, &options, data);
    }
    sml_dataset_free(data);
    sml_ctx_free(ctx);
    return 0;
}

/* libFuzzer target: no text makes the reader of plain numbers crash or leak, and what it accepts it
 * reads once more to the same bits from nine digits a number. */
#include "base/memory.h"
#include "data/dataset.h"
#include "data/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

enum { DIGITS_MAX = 24 };

/* The rows as another program would write them, with the separator; NULL where memory is out. */
static char *write_rows(sml_ctx *ctx, const sml_data_view *view, char separator, size_t *length)
{
    char *text = sml__alloc(ctx, view->rows * view->columns, DIGITS_MAX, "the rows as text");
    *length = 0;
    for (size_t i = 0; text != NULL && i < view->rows * view->columns; i++) {
        const int ends = (i + 1) % view->columns == 0;
        *length += (size_t)snprintf(text + *length, DIGITS_MAX, "%.9g%c", (double)view->features[i],
                                    ends ? '\n' : separator);
    }
    return text;
}

static void expect_same(sml_ctx *ctx, const sml_data_view *view, char separator)
{
    size_t length = 0;
    sml_dataset *again = NULL;
    char *text = write_rows(ctx, view, separator, &length);
    if (text != NULL) {
        const size_t bytes = view->rows * view->columns * sizeof *view->features;
        if (sml__text_parse(ctx, "again.txt", text, length, &again) != SML_OK ||
            again->view.rows != view->rows || again->view.columns != view->columns ||
            memcmp(again->view.features, view->features, bytes) != 0) {
            __builtin_trap();
        }
    }
    sml_dataset_free(again);
    sml__free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static const sml_ctx_options one_thread = {1, "/nowhere"};
    sml_ctx *ctx = NULL;
    sml_dataset *data = NULL;
    if (sml_ctx_create(&one_thread, &ctx) != SML_OK) {
        return 0;
    }
    if (sml__text_parse(ctx, "in.txt", (const char *)input, size, &data) == SML_OK) {
        expect_same(ctx, &data->view, ',');
        expect_same(ctx, &data->view, ' ');
    } else if (data != NULL || sml_ctx_error(ctx)[0] == '\0') {
        __builtin_trap(); /* a refusal gives a reason and no data set */
    }
    sml_dataset_free(data);
    sml_ctx_free(ctx);
    return 0;
}

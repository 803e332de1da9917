/* Tables for the tests of what becomes of a cell: numbers, a missing one, and categories. */
#ifndef TESTS_EXPLAIN_TABLE_H
#define TESTS_EXPLAIN_TABLE_H

#include "support.h"

#include <stdio.h>
#include <unistd.h>

/* Opened on its own, not as a model has its columns. */
static inline sml_dataset *table_of_text(sml_ctx *ctx, const char *text)
{
    char path[] = "/tmp/trace-table-XXXXXX.csv";
    const int file = mkstemps(path, 4);
    assert_true(file >= 0);
    FILE *out = fdopen(file, "w");
    fputs(text, out);
    fclose(out);
    sml_dataset *data = NULL;
    const sml_data_options options = {.target = "class", .split = "all"};
    assert_ok(ctx, sml_dataset_open_with(ctx, path, &options, &data));
    unlink(path);
    return data;
}

/* Row 7 has no size. */
static inline sml_dataset *new_table(sml_ctx *ctx, int rows)
{
    static const char *const SIZES[] = {"1.5", "-2", "4", "0"};
    char text[2048];
    int n = snprintf(text, sizeof text, "size,colour,class\n");
    for (int i = 0; i < rows; i++) {
        n += snprintf(text + n, sizeof text - (size_t)n, "%s,%s,%s\n", i == 7 ? "" : SIZES[i % 4],
                      i % 3 ? "red" : "blue", i % 2 ? "yes" : "no");
        assert_true(n < (int)sizeof text);
    }
    return table_of_text(ctx, text);
}

#endif

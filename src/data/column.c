/* Facts about the numbers of one column. The mean and the deviation are sums in double, in the
 * order of the rows, the deviation in a second pass: Σ (x - mean)² does not cancel. */
#include "data/rows.h"

#include "base/context.h"
#include "base/memory.h"

#include <math.h>

enum { BLOCK = 256, READ_WHOLE = 4096 }; /* rows; bytes of a row */

typedef struct sums {
    uint64_t n; /* cells with a value */
    double minimum, maximum, total, squares;
    int is_integer;
} sums;

/* The rows of a narrow table in a file are read whole, some at a time: a call of the system costs
 * as much as some KiB. */
typedef struct reader {
    const sml_dataset *data;
    size_t column;
    float *rows; /* [BLOCK, columns]; NULL: numbers are read one by one */
    float values[BLOCK];
} reader;

static sml_status open_reader(sml_ctx *ctx, const sml_dataset *data, size_t column, reader *made)
{
    *made = (reader){.data = data, .column = column};
    if (data->store == NULL || data->store->row_bytes > READ_WHOLE) {
        return SML_OK;
    }
    made->rows = sml__alloc(ctx, BLOCK * data->view.columns, sizeof *made->rows, "rows");
    return made->rows != NULL ? SML_OK : SML_NO_MEMORY;
}

/* The numbers of rows first … first + n - 1, n ≤ BLOCK. */
static const float *read_values(reader *from, size_t first, size_t n)
{
    const size_t columns = from->data->view.columns;
    if (from->rows != NULL) {
        sml__dataset_gather(from->data, NULL, first, n, from->rows, columns);
    }
    for (size_t r = 0; r < n; r++) {
        const size_t place = sml__dataset_place(from->data, first + r);
        from->values[r] = from->rows != NULL ? from->rows[r * columns + from->column]
                                             : sml__dataset_value(from->data, place, from->column);
    }
    return from->values;
}

static sums add_values(reader *from)
{
    const size_t rows = from->data->view.rows;
    sums s = {.minimum = INFINITY, .maximum = -INFINITY, .is_integer = 1};
    for (size_t first = 0; first < rows; first += BLOCK) {
        const size_t n = rows - first < BLOCK ? rows - first : BLOCK;
        const float *values = read_values(from, first, n);
        for (size_t r = 0; r < n; r++) {
            const double x = (double)values[r];
            if (!isnan(x)) {
                s.n++;
                s.minimum = x < s.minimum ? x : s.minimum;
                s.maximum = x > s.maximum ? x : s.maximum;
                s.total += x;
                s.is_integer = s.is_integer && x == floor(x);
            }
        }
    }
    return s;
}

static double add_squares(reader *from, double mean)
{
    const size_t rows = from->data->view.rows;
    double sum = 0;
    for (size_t first = 0; first < rows; first += BLOCK) {
        const size_t n = rows - first < BLOCK ? rows - first : BLOCK;
        const float *values = read_values(from, first, n);
        for (size_t r = 0; r < n; r++) {
            const double x = (double)values[r];
            sum += isnan(x) ? 0 : (x - mean) * (x - mean);
        }
    }
    return sum;
}

sml_status sml_dataset_column(sml_ctx *ctx, const sml_dataset *data, size_t column,
                              sml_column_facts *facts)
{
    if (column >= data->view.columns) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "%s: column %zu was asked for; it has 0…%zu",
                         data->name, column, data->view.columns - 1);
    }
    const sml__column *known = data->schema != NULL ? &data->schema->columns[column] : NULL;
    reader from;
    sml_status status = open_reader(ctx, data, column, &from);
    if (status != SML_OK) {
        return status;
    }
    const sums s = add_values(&from);
    const double n = (double)s.n, mean = s.total / n; /* 0 / 0 is NaN */
    *facts = (sml_column_facts){
        .name = known != NULL ? known->name : NULL,
        .is_categorical = known != NULL && known->kind == SML__CATEGORICAL,
        .is_integer = s.n > 0 && s.is_integer,
        .n_categories = known != NULL ? known->n_categories : 0,
        .missing = data->view.rows - s.n,
        .minimum = s.n > 0 ? s.minimum : (double)NAN,
        .maximum = s.n > 0 ? s.maximum : (double)NAN,
        .mean = mean,
        .deviation = sqrt(add_squares(&from, mean) / n),
    };
    if (known != NULL && known->numbers > 0) {
        facts->numbers = known->numbers;
        facts->texts = known->texts;
        facts->first_text = known->categories[known->first_text];
        facts->first_text_line = known->first_text_line;
    }
    sml__free(from.rows);
    return sml__dataset_status(ctx, data);
}

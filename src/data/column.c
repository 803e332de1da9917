/* Facts about the numbers of one column. The mean and the deviation are sums in double, in the
 * order of the rows, the deviation in a second pass: Σ (x - mean)² does not cancel. */
#include "data/rows.h"

#include "base/context.h"

#include <math.h>

typedef struct sums {
    uint64_t n; /* cells with a value */
    double minimum, maximum, total, squares;
    int is_integer;
} sums;

static sums add_values(const sml_dataset *data, size_t column)
{
    sums s = {.minimum = INFINITY, .maximum = -INFINITY, .is_integer = 1};
    for (size_t r = 0; r < data->view.rows; r++) {
        const double x = (double)sml__dataset_value(data, sml__dataset_place(data, r), column);
        if (!isnan(x)) {
            s.n++;
            s.minimum = x < s.minimum ? x : s.minimum;
            s.maximum = x > s.maximum ? x : s.maximum;
            s.total += x;
            s.is_integer = s.is_integer && x == floor(x);
        }
    }
    return s;
}

static double add_squares(const sml_dataset *data, size_t column, double mean)
{
    double sum = 0;
    for (size_t r = 0; r < data->view.rows; r++) {
        const double x = (double)sml__dataset_value(data, sml__dataset_place(data, r), column);
        sum += isnan(x) ? 0 : (x - mean) * (x - mean);
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
    const sums s = add_values(data, column);
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
        .deviation = sqrt(add_squares(data, column, mean) / n),
    };
    return sml__dataset_status(ctx, data);
}

/* Fits a pipeline on training rows. */
#include "data/prepare/moments.h"
#include "data/prepare/pipeline.h"

#include "base/context.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/rows.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A category of the training rows. Names that are all numbers are sorted by value, others bytewise
 * (number is 0 then): as scikit-learn sorts what it finds. */
typedef struct category {
    const char *name;
    double number;
    uint64_t count; /* rows that have it */
} category;

typedef struct fitting {
    sml_ctx *ctx;
    const sml_dataset *train;
    const sml__prepare_settings *settings;
    sml__scaling scaling;  /* resolved */
    size_t n;              /* columns */
    sml__moments *moments; /* [n]; of the category's numbers in an ordinal column */
    size_t *starts;        /* [n + 1] into categories, as the schema of train has them */
    category *categories;
    double *fills; /* [n] medians or modes; NULL: means or zeros */
    sml__pipeline *made;
} fitting;

static int is_categorical(const fitting *f, size_t c)
{
    return f->train->schema != NULL && f->train->schema->columns[c].kind == SML__CATEGORICAL;
}

static int compare_categories(const void *a, const void *b)
{
    const category *x = a, *y = b;
    const int order = (x->number > y->number) - (x->number < y->number);
    return order != 0 ? order : strcmp(x->name, y->name);
}

/* Keeps the categories that occur, sorted; returns how many. */
static size_t keep_and_sort(sml_ctx *ctx, category *list, size_t n)
{
    size_t kept = 0;
    int all_numbers = 1;
    for (size_t k = 0; k < n; k++) {
        if (list[k].count > 0) {
            list[kept] = list[k];
            all_numbers = sml__parse_real(ctx, list[kept].name, &list[kept].number) &&
                          isfinite(list[kept].number) && all_numbers;
            kept++;
        }
    }
    for (size_t k = 0; k < kept && !all_numbers; k++) {
        list[k].number = 0;
    }
    qsort(list, kept, sizeof *list, compare_categories);
    return kept;
}

/* Counts the categories of the rows into f->categories, as the data numbers them. */
static sml_status count_categories(fitting *f)
{
    const sml_schema *schema = f->train->schema;
    size_t total = 0;
    f->starts = sml__alloc(f->ctx, f->n + 1, sizeof *f->starts, "starts of categories");
    for (size_t c = 0; f->starts != NULL && c < f->n; c++) {
        f->starts[c] = total;
        total += is_categorical(f, c) ? schema->columns[c].n_categories : 0;
        f->starts[c + 1] = total;
    }
    f->categories = sml__alloc(f->ctx, total, sizeof *f->categories, "categories");
    uint64_t *counts = sml__alloc(f->ctx, total, sizeof *counts, "counts of categories");
    sml_status status = SML_NO_MEMORY;
    if (f->starts != NULL && f->categories != NULL && counts != NULL) {
        status = sml__category_counts(f->ctx, f->train, f->starts, counts);
    }
    for (size_t c = 0; status == SML_OK && c < f->n; c++) {
        for (size_t k = f->starts[c]; k < f->starts[c + 1]; k++) {
            f->categories[k].name = schema->columns[c].categories[k - f->starts[c]];
            f->categories[k].count = counts[k];
        }
    }
    sml__free(counts);
    return status;
}

/* The pipeline's own schema: that of the data, with the categories that its rows have, sorted. */
static sml_status take_schema(fitting *f)
{
    sml_schema like = *f->train->schema;
    like.columns = sml__alloc(f->ctx, f->n, sizeof *like.columns, "columns");
    const char **names = sml__alloc(f->ctx, f->starts[f->n], sizeof *names, "names of categories");
    sml_status status = like.columns != NULL && names != NULL ? SML_OK : SML_NO_MEMORY;
    for (size_t c = 0; status == SML_OK && c < f->n; c++) {
        const size_t begin = f->starts[c], n = f->starts[c + 1] - begin;
        const size_t kept = keep_and_sort(f->ctx, f->categories + begin, n);
        for (size_t k = 0; k < kept; k++) {
            names[begin + k] = f->categories[begin + k].name;
        }
        like.columns[c] = f->train->schema->columns[c];
        like.columns[c].missing = 0; /* these are about rows, and a model has none */
        like.columns[c].is_integer = 0;
        like.columns[c].numbers = like.columns[c].texts = 0;
        like.columns[c].categories = names + begin;
        like.columns[c].n_categories = kept;
        if (is_categorical(f, c) && kept == 0) {
            status = sml__fail(f->ctx, SML_BAD_DATA,
                               "%s: column '%s': no training row has a category; leave the column "
                               "out",
                               f->train->name, like.columns[c].name);
        }
    }
    if (status == SML_OK) {
        status = sml__schema_copy(f->ctx, &like, &f->made->schema);
    }
    sml__free(names);
    sml__free(like.columns);
    return status;
}

/* Mean and the like of the numbers 0 … n - 1 that stand for categories. */
static sml__moments moments_of_counts(const category *list, size_t n)
{
    sml__moments m = {.maximum = (double)n - 1};
    for (size_t k = 0; k < n; k++) {
        m.n += list[k].count;
        m.mean += (double)k * (double)list[k].count;
    }
    m.mean /= (double)m.n;
    for (size_t k = 0; k < n; k++) {
        const double d = (double)k - m.mean;
        m.m2 += d * d * (double)list[k].count;
    }
    return m;
}

static void set_scale(sml__scaling scaling, const sml__moments *m, sml__prepared_column *column)
{
    const double range = m->maximum - m->minimum;
    column->shift = 0;
    column->factor = 1;
    if (scaling == SML__SCALE_STANDARD) {
        column->shift = m->mean;
        column->factor = sml__moments_standard_factor(m);
    } else if (scaling == SML__SCALE_MIN_MAX) {
        column->shift = m->minimum;
        column->factor = range < 10 * DBL_EPSILON ? 1.0 : 1.0 / range;
    }
}

/* The most frequent category, the first on ties. */
static double largest(const category *list, size_t n)
{
    size_t best = 0;
    for (size_t k = 1; k < n; k++) {
        best = list[k].count > list[best].count ? k : best;
    }
    return (double)best;
}

static double fill_of(const fitting *f, size_t c)
{
    const sml__filling filling = f->settings->filling;
    if (filling == SML__FILL_REFUSE) {
        return NAN;
    }
    if (f->starts != NULL && is_categorical(f, c)) { /* a table has starts */
        return largest(f->categories + f->starts[c], f->made->schema->columns[c].n_categories);
    }
    if (f->fills != NULL) {
        return f->fills[c];
    }
    return filling == SML__FILL_ZERO ? 0.0 : f->moments[c].mean;
}

static sml_status check_missing(const fitting *f)
{
    const sml_schema *schema = f->train->schema;
    const size_t rows = f->train->view.rows;
    if (schema == NULL || f->settings->filling != SML__FILL_REFUSE) {
        return SML_OK;
    }
    for (size_t c = 0; c < f->n; c++) {
        const sml__moments *m = &f->moments[c];
        if (m->n < rows) {
            return sml__fail(
                f->ctx, SML_BAD_DATA,
                "%s, column '%s' has no value (the first of %zu cells), and missing=refuse; "
                "fill them, or say missing=mean, median, most_frequent or zero",
                sml__dataset_row_text(f->train, m->first_missing).text, schema->columns[c].name,
                rows - (size_t)m->n);
        }
    }
    return SML_OK;
}

static sml_status find_fills(fitting *f)
{
    const sml__filling filling = f->settings->filling;
    if (f->train->schema == NULL ||
        (filling != SML__FILL_MEDIAN && filling != SML__FILL_MOST_FREQUENT)) {
        return SML_OK;
    }
    f->fills = sml__alloc(f->ctx, f->n, sizeof *f->fills, "values for missing cells");
    if (f->fills == NULL) {
        return SML_NO_MEMORY;
    }
    return filling == SML__FILL_MEDIAN ? sml__column_medians(f->ctx, f->train, f->fills)
                                       : sml__column_modes(f->ctx, f->train, f->fills);
}

/* Everything that is known from the rows. */
static sml_status survey(fitting *f)
{
    f->moments = sml__alloc(f->ctx, f->n, sizeof *f->moments, "moments");
    sml_status status =
        f->moments != NULL ? sml__moments_of(f->ctx, f->train, f->moments) : SML_NO_MEMORY;
    if (status == SML_OK) {
        status = check_missing(f);
    }
    if (status == SML_OK) {
        status = find_fills(f);
    }
    if (status == SML_OK && f->train->schema != NULL) {
        status = count_categories(f);
        if (status == SML_OK) {
            status = take_schema(f);
        }
    }
    return status;
}

/* Scales are those of the filled column, as of a SimpleImputer before a scaler. */
static void fill_column(fitting *f, size_t c)
{
    const double fill = f->made->columns[c].fill = fill_of(f, c);
    const size_t rows = f->train->view.rows;
    sml__moments *m = &f->moments[c];
    if (isnan(fill) || m->n == rows) {
        return;
    }
    if (f->starts != NULL && is_categorical(f, c) && f->made->schema->columns[c].n_categories > 0) {
        f->categories[f->starts[c] + (size_t)fill].count += rows - m->n;
    } else {
        sml__moments_fill(m, rows - m->n, fill);
    }
}

static sml_status set_columns(fitting *f)
{
    sml__pipeline *p = f->made;
    for (size_t c = 0; c < f->n; c++) {
        fill_column(f, c);
        if (f->starts != NULL && is_categorical(f, c)) {
            if (p->per_image) {
                return sml__fail(f->ctx, SML_BAD_DATA,
                                 "%s: column '%s' is categorical; scaling=per_image is for rows of "
                                 "numbers alike, such as pixels. Try scaling=standard",
                                 f->train->name, p->schema->columns[c].name);
            }
            f->moments[c] =
                moments_of_counts(f->categories + f->starts[c], p->schema->columns[c].n_categories);
        }
        const int is_scaled = !is_categorical(f, c) || p->is_ordinal;
        set_scale(is_scaled ? f->scaling : SML__SCALE_NONE, &f->moments[c], &p->columns[c]);
    }
    if (sml__pipeline_lay_out(p)) {
        return SML_OK;
    }
    return sml__fail(f->ctx, SML_BAD_SHAPE,
                     "%s: with a number for each category a row has more than %d; leave out the "
                     "columns that are identifiers, or say encoding=ordinal",
                     f->train->name, INT32_MAX);
}

static sml_status fit(fitting *f)
{
    sml__pipeline *p = sml__alloc(f->ctx, 1, sizeof *p, "a pipeline");
    f->made = p;
    if (p == NULL) {
        return SML_NO_MEMORY;
    }
    p->n_raw = f->n;
    p->is_ordinal = f->settings->is_ordinal;
    p->unknown_is_zeros = f->settings->unknown_is_zeros;
    p->per_image = f->scaling == SML__SCALE_PER_IMAGE;
    p->columns = sml__alloc(f->ctx, f->n, sizeof *p->columns, "the columns of a pipeline");
    const sml_status status = p->columns != NULL ? survey(f) : SML_NO_MEMORY;
    return status == SML_OK ? set_columns(f) : status;
}

sml_status sml__pipeline_fit(sml_ctx *ctx, const sml_dataset *train,
                             const sml__prepare_settings *settings, sml__pipeline **out)
{
    const int is_table = train->schema != NULL;
    const sml__scaling automatic = is_table ? SML__SCALE_STANDARD : SML__SCALE_NONE;
    fitting f = {
        .ctx = ctx,
        .train = train,
        .settings = settings,
        .scaling = settings->scaling == SML__SCALE_AUTO ? automatic : settings->scaling,
        .n = train->view.columns,
    };
    *out = NULL;
    if (!is_table && f.scaling == SML__SCALE_NONE) {
        return SML_OK;
    }
    const sml_status status = fit(&f);
    if (status == SML_OK) {
        *out = f.made;
    } else {
        sml__pipeline_free(f.made);
    }
    sml__free(f.moments);
    sml__free(f.starts);
    sml__free(f.categories);
    sml__free(f.fills);
    return status;
}

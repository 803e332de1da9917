/* What ails the data of a training: cells without a value, columns that no rate suits, classes that
 * are too rare, rows of the test part that were trained on, columns that give the answer away. The
 * thresholds are those of docs/doctor.md, which says why. */
#include "base/context.h"
#include "base/memory.h"
#include "data/rows.h"
#include "explain/doctor.h"
#include "explain/leaks.h"
#include "nn/inference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    INPUT_ROWS = 256,        /* evenly spaced, to look at columns through */
    INPUT_CELLS = 1 << 16,   /* in these rows, unless INPUT_ROWS_LEAST have more */
    INPUT_ROWS_LEAST = 16,   /* fewer say nothing of a deviation */
    DISTINCT_ROWS = 1000,    /* evenly spaced, to count different values */
    CLASS_ROWS_LEAST = 5,    /* of the rarest class, to speak of its recall */
    CONSTANT_ROWS_LEAST = 20 /* to speak of a constant column, or of one that counts rows */
};

static const double RARE = 0.1, MISSING = 0.3;

/* "'age'", or "5" counted from 0, of a raw column. */
static void column_text(const sml_dataset *data, size_t column, char *text, size_t size)
{
    const char *name = sml_dataset_column_name(data, column);
    if (name != NULL) {
        snprintf(text, size, "'%.60s'", name);
    } else {
        snprintf(text, size, "%zu", column);
    }
}

/* drop=NAME where the data is a table, whose columns can be left out by a data option. */
static void say_leave_out(const sml_doctor *doctor, sml__finding *f, const sml_dataset *data,
                          size_t column)
{
    const char *name = sml_dataset_column_name(data, column);
    if (name != NULL && strchr(name, ',') == NULL) {
        sml__finding_say(doctor, f, SML__REMEDY, "drop=%.80s", name);
    } else if (name != NULL) {
        sml__finding_say(doctor, f, SML__REMEDY, "drop=#%zu", column + 1);
    } else {
        sml__finding_say(doctor, f, SML__REMEDY, "leave column %zu out", column);
    }
}

/* ---- cells without a value ---- */

int sml_doctor_refused(sml_ctx *ctx, sml_doctor *doctor, sml_status status)
{
    static const char *const signs[] = {" is nan",
                                        " is -nan",
                                        " is inf",
                                        " is -inf",
                                        "without a value",
                                        "'nan' is not a number",
                                        "the target is missing",
                                        "has no value that float32 holds",
                                        "beyond the range of float32"};
    const char *text = sml_ctx_error(ctx);
    int is_its = 0;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        is_its = is_its || strstr(text, signs[i]) != NULL;
    }
    if ((status != SML_BAD_DATA && status != SML_BAD_FILE) || !is_its) {
        return 0;
    }
    sml__finding *f = sml__doctor_add(doctor, "nan_in_data", SML_FINDING_ERROR);
    sml__finding_say(doctor, f, SML__TITLE, "a cell of the data is no number");
    sml__finding_say(doctor, f, SML__TEXT, "%.600s", text);
    sml__finding_say(doctor, f, SML__REMEDY, "%s",
                     strstr(text, "without a value") != NULL
                         ? "missing=mean"
                         : "put a number there, or leave the row out");
    sml__finding_say(doctor, f, SML__REASON,
                     "one such number makes every sum that it enters, and so all weights, nan");
    sml__doctor_settle(doctor);
    return 1;
}

static void look_for_missing(sml_doctor *doctor, const sml_dataset *train)
{
    const size_t rows = train->view.rows;
    sml_column_facts facts, worst = {0};
    size_t column = 0, n = 0;
    for (size_t c = 0; train->schema != NULL && c < train->view.columns; c++) {
        if (sml_dataset_column(doctor->ctx, train, c, &facts) == SML_OK &&
            (double)facts.missing >= MISSING * (double)rows) {
            column = facts.missing > worst.missing ? c : column;
            worst = facts.missing > worst.missing ? facts : worst;
            n++;
        }
    }
    if (n == 0) {
        return;
    }
    char name[80];
    column_text(train, column, name, sizeof name);
    sml__finding *f = sml__doctor_add(doctor, "nan_in_data", SML_FINDING_WARNING);
    sml__finding_say(doctor, f, SML__TITLE, "column %s: %.3g%% of the cells have no value", name,
                     100.0 * (double)worst.missing / (double)rows);
    sml__finding_say(
        doctor, f, SML__TEXT,
        "They are all filled with the same number (--missing), which the network takes "
        "for what is there.");
    sml__finding_show(doctor, f, (double)worst.missing, "", "cells of column %s", name);
    sml__finding_show(doctor, f, (double)rows, "", "rows");
    sml__finding_show(doctor, f, (double)n, "", "columns that lack so many");
    say_leave_out(doctor, f, train, column);
    sml__finding_say(doctor, f, SML__REASON,
                     "what is known of the column is too little to learn from");
}

/* ---- inputs that are out of scale ---- */

/* What 256 rows show of the inputs. */
typedef struct scales {
    size_t rows;                   /* looked at */
    double least, median, largest; /* deviations of the columns that are not constant */
    double farthest;               /* largest |mean| / deviation of them */
    double rms;                    /* of all numbers */
    size_t widest_at, farthest_at; /* columns */
    size_t n;                      /* columns that are not constant */
} scales;

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Means and deviations of the columns of x[rows, columns]. */
static void deviations_of(const float *x, size_t rows, size_t columns, double *means,
                          double *deviations)
{
    for (size_t c = 0; c < columns; c++) {
        means[c] = deviations[c] = 0;
    }
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            means[c] += (double)x[r * columns + c];
        }
    }
    for (size_t c = 0; c < columns; c++) {
        means[c] /= (double)rows;
    }
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            const double gap = (double)x[r * columns + c] - means[c];
            deviations[c] += gap * gap;
        }
    }
    for (size_t c = 0; c < columns; c++) {
        deviations[c] = sqrt(deviations[c] / (double)rows);
    }
}

/* means, deviations: scratch, [columns]. The mean square is that of the deviations and the means.
 */
static scales measure(const float *x, size_t rows, size_t columns, double *means,
                      double *deviations)
{
    scales s = {.rows = rows};
    deviations_of(x, rows, columns, means, deviations);
    for (size_t c = 0; c < columns; c++) {
        const double mean = means[c], deviation = deviations[c];
        s.rms += (mean * mean + deviation * deviation) / (double)columns;
        if (!(deviation > 1e-6 * fabs(mean)) || !(deviation > 0)) {
            continue; /* constant, but for rounding */
        }
        if (deviation > s.largest) {
            s.largest = deviation;
            s.widest_at = c;
        }
        if (fabs(mean) / deviation > s.farthest) {
            s.farthest = fabs(mean) / deviation;
            s.farthest_at = c;
        }
        deviations[s.n++] = deviation;
    }
    s.rms = sqrt(s.rms);
    qsort(deviations, s.n, sizeof *deviations, compare_doubles);
    s.least = s.n > 0 ? deviations[0] : 0;
    s.median = s.n > 0 ? deviations[s.n / 2] : 0;
    return s;
}

/* The name of an input that is a raw column; else its number. */
static void input_text(const sml__training *t, size_t input, char *text, size_t size)
{
    const sml_dataset *raw = t->data->raw != NULL ? t->data->raw : t->data;
    if (raw->view.columns == t->network->n_in) {
        column_text(raw, input, text, size);
    } else {
        snprintf(text, size, "%zu behind the encoding", input);
    }
}

static void tell_scales(sml_doctor *doctor, const sml__training *t, const scales *s, double most)
{
    char name[80];
    const int by_width = s->largest > most * s->median;
    const int by_mean = !by_width && s->farthest > most;
    const int is_picture = t->data->view.height > 0;
    sml__finding *f = sml__doctor_add(doctor, "unscaled_inputs", SML_FINDING_WARNING);
    input_text(t, by_mean ? s->farthest_at : s->widest_at, name, sizeof name);
    if (by_width && !is_picture) {
        sml__finding_say(doctor, f, SML__TITLE,
                         "input %s spreads %.2g times as wide as half of the others", name,
                         s->largest / s->median);
    } else if (by_mean && !is_picture) {
        sml__finding_say(doctor, f, SML__TITLE,
                         "input %s lies %.2g times its deviation away from 0", name, s->farthest);
    } else {
        sml__finding_say(doctor, f, SML__TITLE, "the inputs are %s: their root mean square is %.2g",
                         s->rms > 1 ? "large" : "small", s->rms);
    }
    sml__finding_say(doctor, f, SML__TEXT,
                     "The gradient of a weight carries its input as a factor, so weights of such "
                     "inputs take steps of other sizes than the rest, at any learning rate.");
    sml__finding_show(doctor, f, s->least, "", "least deviation");
    sml__finding_show(doctor, f, s->median, "", "median deviation");
    sml__finding_show(doctor, f, s->largest, "", "largest deviation");
    sml__finding_show(doctor, f, s->farthest, "deviations", "farthest mean from 0");
    sml__finding_show(doctor, f, s->rms, "", "root mean square of all inputs");
    sml__finding_show(doctor, f, (double)s->rows, "", "rows that were looked at");
    sml__finding_say(doctor, f, SML__REMEDY, "scaling=standard");
    sml__finding_say(doctor, f, SML__REASON,
                     "with mean 0 and deviation 1 one learning rate suits all columns");
}

/* Compressed rows are not shifted, which would fill them, so only their size counts. */
static void look_at_entries(sml_doctor *doctor, const sml__training *t, double most)
{
    const size_t rows = t->data->view.rows, step = (rows + INPUT_ROWS - 1) / INPUT_ROWS;
    scales s = {0};
    size_t n = 0;
    for (size_t r = 0; r < rows; r += step) {
        const sml__cells cells = sml__dataset_cells(t->data, sml__dataset_place(t->data, r), NULL);
        for (size_t i = 0; i < cells.n; i++) {
            s.largest = fmax(s.largest, fabs((double)cells.values[i]));
            s.rms += (double)cells.values[i] * (double)cells.values[i];
        }
        n += cells.n;
    }
    if (n == 0 || !(s.largest > most)) {
        return;
    }
    s.rms = sqrt(s.rms / (double)n);
    sml__finding *f = sml__doctor_add(doctor, "unscaled_inputs", SML_FINDING_WARNING);
    sml__finding_say(doctor, f, SML__TITLE, "the largest entry of the rows is %.3g", s.largest);
    sml__finding_say(doctor, f, SML__TEXT,
                     "The gradient of a weight carries its input as a factor, so weights of large "
                     "inputs take large steps, at any learning rate.");
    sml__finding_show(doctor, f, s.largest, "", "largest entry");
    sml__finding_show(doctor, f, s.rms, "", "root mean square of the entries");
    sml__finding_say(doctor, f, SML__REMEDY, "divide the columns by their largest entries");
    sml__finding_say(doctor, f, SML__REASON, "entries up to 1 suit the initial weights");
}

void sml__look_at_inputs(sml_doctor *doctor, const sml__training *t, double most)
{
    const size_t columns = t->network->n_in, all = t->data->view.rows;
    size_t rows = INPUT_CELLS / columns;
    rows = rows < INPUT_ROWS_LEAST ? INPUT_ROWS_LEAST : rows < INPUT_ROWS ? rows : INPUT_ROWS;
    rows = all < rows ? all : rows;
    if (t->data->view.row_starts != NULL) {
        look_at_entries(doctor, t, most);
        return;
    }
    if (rows < INPUT_ROWS_LEAST) {
        return;
    }
    float *x = sml__alloc(doctor->ctx, rows, columns * sizeof *x, "rows to look at");
    double *scratch = sml__alloc(doctor->ctx, 2 * columns, sizeof *scratch, "deviations");
    if (x != NULL && scratch != NULL) {
        for (size_t r = 0; r < rows; r++) {
            sml_dataset_features(t->data, r * all / rows, x + r * columns);
        }
        const scales s = measure(x, rows, columns, scratch, scratch + columns);
        const int by_columns = t->data->view.height == 0 && s.n > 0 &&
                               (s.largest > most * s.median || s.farthest > most);
        if (by_columns || s.rms > most || (s.rms > 0 && s.rms < 1e-3)) {
            tell_scales(doctor, t, &s, most);
        }
    }
    sml__free(scratch);
    sml__free(x);
}

/* ---- classes that are rare ---- */

/* Rows of each class of the training. */
typedef struct rarity {
    size_t classes, rarest, commonest;
    uint64_t *counts; /* [classes] */
} rarity;

/* 0 where no class is rare, or where classes are weighed already. */
static int is_imbalanced(sml_doctor *doctor, const sml__training *t, rarity *out)
{
    const sml_dataset *data = t->data;
    *out = (rarity){.classes = data->view.outputs};
    if (data->view.task != SML_TASK_CLASSIFICATION || data->view.weights != NULL ||
        t->settings->class_weights != NULL) {
        return 0;
    }
    out->counts = sml__alloc(doctor->ctx, out->classes, sizeof *out->counts, "rows of classes");
    if (out->counts == NULL) {
        return 0;
    }
    for (size_t r = 0; r < data->view.rows; r++) {
        out->counts[sml_dataset_label(data, r)]++;
    }
    for (size_t k = 0; k < out->classes; k++) {
        const uint64_t n = out->counts[k];
        const uint64_t least = out->counts[out->rarest];
        out->rarest = n > 0 && (n < least || least == 0) ? k : out->rarest;
        out->commonest = n > out->counts[out->commonest] ? k : out->commonest;
    }
    return (double)out->counts[out->rarest] < RARE * (double)out->counts[out->commonest];
}

/* Recall of each class by outputs[rows, classes]; NaN without rows. right, all: [classes]. */
static void find_recalls(const sml_dataset *data, const float *outputs, size_t classes,
                         double *recalls, uint64_t *all)
{
    for (size_t r = 0; r < data->view.rows; r++) {
        const size_t y = (size_t)sml_dataset_label(data, r);
        all[y]++;
        recalls[y] += sml_argmax(outputs + r * classes, classes) == y;
    }
    for (size_t k = 0; k < classes; k++) {
        recalls[k] = all[k] > 0 ? recalls[k] / (double)all[k] : (double)NAN;
    }
}

static void tell_rarity(sml_doctor *doctor, const sml__training *t, const rarity *rare,
                        const double *recalls, const uint64_t *all, const char *part)
{
    const size_t k = rare->rarest;
    double others = 0;
    size_t n = 0;
    for (size_t i = 0; i < rare->classes; i++) {
        others += i != k && !isnan(recalls[i]) ? recalls[i] : 0;
        n += i != k && !isnan(recalls[i]);
    }
    others /= (double)n;
    if (all[k] < CLASS_ROWS_LEAST || n == 0 || !(recalls[k] < 0.5 * others)) {
        return;
    }
    sml__finding *f = sml__doctor_add(doctor, "class_imbalance", SML_FINDING_WARNING);
    sml__finding_say(doctor, f, SML__TITLE,
                     "class '%.40s' is rare, and %.0f of %llu rows are found",
                     sml_dataset_class_name(t->data, k), recalls[k] * (double)all[k],
                     (unsigned long long)all[k]);
    sml__finding_say(doctor, f, SML__TEXT,
                     "To take its rows for another class costs the loss little, since there are so "
                     "few of them.");
    sml__finding_show(doctor, f, (double)rare->counts[k], "", "training rows of the class");
    sml__finding_show(doctor, f, (double)rare->counts[rare->commonest], "",
                      "those of the commonest class");
    sml__finding_show(doctor, f, recalls[k], "", "recall of the class on the %s rows", part);
    sml__finding_show(doctor, f, others, "", "mean recall of the others");
    sml__finding_say(doctor, f, SML__REMEDY, "class_weight=balanced");
    sml__finding_say(doctor, f, SML__REASON, "rows of all classes then count the same in sum");
}

/* data: behind the pipeline. */
static void judge_rarity(sml_doctor *doctor, const sml__training *t, const rarity *rare,
                         const sml_dataset *data, const char *part)
{
    sml_ctx *ctx = doctor->ctx;
    const size_t n = rare->classes;
    float *outputs = sml__alloc(ctx, data->view.rows, n * sizeof *outputs, "predictions");
    double *recalls = sml__alloc(ctx, n, sizeof *recalls, "recalls");
    uint64_t *all = sml__alloc(ctx, n, sizeof *all, "rows of classes");
    if (outputs != NULL && recalls != NULL && all != NULL &&
        sml__network_predict(ctx, t->network, data, outputs) == SML_OK) {
        find_recalls(data, outputs, n, recalls, all);
        tell_rarity(doctor, t, rare, recalls, all, part);
    }
    sml__free(all);
    sml__free(recalls);
    sml__free(outputs);
}

void sml__look_at_classes(sml_doctor *doctor, const sml__training *t)
{
    const sml_dataset *validation = t->options->validation;
    rarity rare;
    if (is_imbalanced(doctor, t, &rare)) {
        judge_rarity(doctor, t, &rare, validation != NULL ? validation : t->data,
                     validation != NULL ? "validation" : "training");
    }
    sml__free(rare.counts);
}

/* ---- rows of the test part that were trained on ---- */

static int compare_floats(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Whether some column has so many values that two rows hardly agree in it by chance: half as many
 * as there are rows of which none repeats another (unique: their share). Bytes have not. */
static int has_many_values(sml_doctor *doctor, const sml_dataset *data, double unique)
{
    const size_t all = data->view.rows, rows = all < DISTINCT_ROWS ? all : DISTINCT_ROWS;
    float *values = sml__alloc(doctor->ctx, rows, sizeof *values, "a column");
    int has_many = 0;
    for (size_t c = 0;
         values != NULL && !sml__dataset_has_bytes(data) && !has_many && c < data->view.columns;
         c++) {
        size_t distinct = 1;
        for (size_t r = 0; r < rows; r++) {
            values[r] = sml__dataset_value(data, sml__dataset_place(data, r * all / rows), c);
        }
        qsort(values, rows, sizeof *values, compare_floats);
        for (size_t r = 1; r < rows; r++) {
            distinct += values[r] > values[r - 1];
        }
        has_many = 2 * (double)distinct >= unique * (double)rows;
    }
    sml__free(values);
    return has_many;
}

static void tell_duplicates(sml_doctor *doctor, const sml_data_profile *profile, size_t test_rows)
{
    sml__finding *f = sml__doctor_add(doctor, "duplicates", SML_FINDING_WARNING);
    sml__finding_say(doctor, f, SML__TITLE, "%llu of %zu test rows are training rows, too",
                     (unsigned long long)profile->shared_rows, test_rows);
    sml__finding_say(doctor, f, SML__TEXT,
                     "The network was shown these rows with their answers, so test scores are "
                     "better than those of new rows will be.");
    sml__finding_show(doctor, f, (double)profile->shared_rows, "",
                      "test rows that are training rows");
    sml__finding_show(doctor, f, (double)test_rows, "", "test rows");
    sml__finding_show(doctor, f, (double)profile->duplicate_rows, "",
                      "training rows that repeat an earlier one");
    sml__finding_say(doctor, f, SML__REMEDY, "keep each row once, before the data is split");
    sml__finding_say(doctor, f, SML__REASON,
                     "a test says how the network does on rows that it has not seen");
}

static void look_for_duplicates(sml_doctor *doctor, const sml_dataset *train,
                                const sml_dataset *test)
{
    sml_data_profile profile;
    if (test->view.columns != train->view.columns ||
        sml_dataset_profile(doctor->ctx, train, test, &profile) != SML_OK) {
        return;
    }
    const double rows = (double)test->view.rows, shared = (double)profile.shared_rows;
    const double within = (double)profile.duplicate_rows / (double)train->view.rows;
    /* A training row repeats an earlier one: of half of the others, on average. */
    const double by_chance = 2 * within * rows;
    if (shared >= 3 && shared >= 0.005 * rows &&
        (shared > by_chance + 3 * sqrt(by_chance) || has_many_values(doctor, train, 1 - within))) {
        tell_duplicates(doctor, &profile, test->view.rows);
    }
    sml_data_profile_clear(&profile);
}

/* ---- columns that say nothing, or too much ---- */

/* Whether a column of whole numbers goes up, or down, from row to row. */
static int counts_rows(const sml_dataset *data, size_t column)
{
    int up = 1, down = 1;
    float last = 0;
    for (size_t r = 0; (up || down) && r < data->view.rows; r++) {
        const float value = sml__dataset_value(data, sml__dataset_place(data, r), column);
        up = up && (r == 0 || value > last);
        down = down && (r == 0 || value < last);
        last = value;
    }
    return up || down;
}

static void tell_useless(sml_doctor *doctor, const sml_dataset *train, size_t column, int is_id)
{
    char name[80];
    column_text(train, column, name, sizeof name);
    sml__finding *f =
        sml__doctor_add(doctor, is_id ? "leaking_columns" : "constant_columns", SML_FINDING_NOTE);
    sml__finding_say(doctor, f, SML__TITLE,
                     is_id ? "column %s counts the rows" : "column %s is the same in all rows",
                     name);
    sml__finding_say(doctor, f, SML__TEXT,
                     is_id ? "What can be learned from it is the order of this file alone."
                           : "There is nothing to learn from it.");
    say_leave_out(doctor, f, train, column);
    sml__finding_say(doctor, f, SML__REASON,
                     is_id ? "new rows have numbers that the network never saw" : "it saves work");
}

static void look_for_useless_columns(sml_doctor *doctor, const sml_dataset *train)
{
    for (size_t c = 0; c < train->view.columns && train->view.rows >= CONSTANT_ROWS_LEAST; c++) {
        sml_column_facts facts;
        if (sml_dataset_column(doctor->ctx, train, c, &facts) != SML_OK ||
            facts.missing == train->view.rows) {
            continue;
        }
        const int is_constant = facts.minimum == facts.maximum && facts.missing == 0;
        const int is_id = !is_constant && !facts.is_categorical && facts.is_integer &&
                          facts.missing == 0 && counts_rows(train, c);
        if (is_constant || is_id) {
            tell_useless(doctor, train, c, is_id);
        }
    }
}

static void look_for_leaks(sml_doctor *doctor, const sml_dataset *train)
{
    sml__leak leak;
    char name[80];
    if (!sml__find_leak(doctor->ctx, train, &leak)) {
        return;
    }
    const int has_classes = train->view.task == SML_TASK_CLASSIFICATION;
    column_text(train, leak.column, name, sizeof name);
    sml__finding *f = sml__doctor_add(doctor, "leaking_columns", SML_FINDING_ERROR);
    sml__finding_say(doctor, f, SML__TITLE, "column %s gives the answer away", name);
    sml__finding_say(doctor, f, SML__TEXT,
                     "A table of this column alone, made of one half of the rows, predicts the "
                     "other half nearly without fault, and no other column comes near it. Such a "
                     "column is often made from the answer, and not there when one is wanted.");
    sml__finding_show(doctor, f, leak.score, "", has_classes ? "accuracy of it" : "R2 of it");
    sml__finding_show(doctor, f, leak.second, "", "of the second best column");
    if (has_classes) {
        sml__finding_show(doctor, f, leak.constant, "", "of the commonest class");
    }
    say_leave_out(doctor, f, train, leak.column);
    sml__finding_say(doctor, f, SML__REASON,
                     "the network has to learn from the other columns then");
}

void sml__look_at_data(sml_doctor *doctor, const sml_dataset *train, const sml_dataset *test)
{
    const int is_table = train->view.height == 0 && train->view.row_starts == NULL;
    if (is_table && train->schema != NULL) {
        look_for_missing(doctor, train);
        look_for_useless_columns(doctor, train);
    }
    if (is_table) {
        look_for_leaks(doctor, train);
    }
    if (test != NULL) {
        look_for_duplicates(doctor, train, test);
    }
}

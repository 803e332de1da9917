#include "history.h"

#include "document.h"
#include "svg_curve.h"
#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* At most this share of the time goes into writing. */
static const double WRITING_SHARE = 0.05;

/* The columns of both forms, in their order; epoch stands before them. */
static const struct {
    const char *name;
    size_t offset;
} COLUMNS[] = {
    {"loss", offsetof(sml_epoch_record, loss)},
    {"accuracy", offsetof(sml_epoch_record, accuracy)},
    {"validation_loss", offsetof(sml_epoch_record, validation_loss)},
    {"validation_accuracy", offsetof(sml_epoch_record, validation_accuracy)},
    {"validation_metric", offsetof(sml_epoch_record, validation_metric)},
    {"learning_rate", offsetof(sml_epoch_record, learning_rate)},
    {"gradient_norm", offsetof(sml_epoch_record, gradient_norm)},
    {"seconds", offsetof(sml_epoch_record, seconds)},
};

enum { N_COLUMNS = sizeof COLUMNS / sizeof COLUMNS[0], CELL = 32 };

static double figure_of(const sml_epoch_record *record, size_t column)
{
    double value;
    memcpy(&value, (const char *)record + COLUMNS[column].offset, sizeof value);
    return value;
}

static double clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static const char *path_given(const session *s, const char *option)
{
    return option_given(&s->options, option) ? option_text(&s->options, option) : NULL;
}

/* Before the training and not after its first epoch. */
static int check_path(const session *s, const char *path, const char *option)
{
    if (path == NULL || sml_model_check_path(s->ctx, path) == SML_OK) {
        return 0;
    }
    return fail(s->program, "%s; choose another file with %s", sml_ctx_error(s->ctx), option);
}

int history_create(history *h, const session *s, const char *title)
{
    const sml_ctx_options one_thread = {.threads = 1};
    *h = (history){.session = *s,
                   .title = title,
                   .table = path_given(s, "history"),
                   .picture = path_given(s, "curve")};
    h->session.ctx = NULL; /* sml_ctx_free must not get the other's */
    if (h->table != NULL && !ends_with(h->table, ".csv") && !ends_with(h->table, ".json")) {
        return fail_usage(s->program, "--history: found '%s', expected a name in .csv or .json",
                          printable(h->table).text);
    }
    if (h->picture != NULL && !ends_with(h->picture, ".svg")) {
        return fail_usage(s->program, "--curve: found '%s', expected a name in .svg",
                          printable(h->picture).text);
    }
    if (sml_ctx_create(&one_thread, &h->session.ctx) != SML_OK) {
        return fail(s->program, "out of memory: the history");
    }
    int code = check_path(s, h->table, "--history");
    return code == 0 ? check_path(s, h->picture, "--curve") : code;
}

void history_free(history *h)
{
    sml_ctx_free(h->session.ctx);
    free(h->records);
    *h = (history){0};
}

int history_is_wanted(const history *h)
{
    return h->table != NULL || h->picture != NULL;
}

/* Rows of numbers with 17 digits, which give every double back; a cell without one is empty. */
static char *as_csv(const history *h)
{
    const size_t row = CELL * (N_COLUMNS + 1);
    char *text = allocate((h->n + 1) * row, 1), *end = text;
    end += sprintf(end, "epoch");
    for (size_t c = 0; c < N_COLUMNS; c++) {
        end += sprintf(end, ",%s", COLUMNS[c].name);
    }
    for (size_t i = 0; i < h->n; i++) {
        end += sprintf(end, "\n%" PRIu64, h->records[i].epoch);
        for (size_t c = 0; c < N_COLUMNS; c++) {
            const double value = figure_of(&h->records[i], c);
            end += isfinite(value) ? sprintf(end, ",%.17g", value) : sprintf(end, ",");
        }
    }
    sprintf(end, "\n");
    return text;
}

/* One array of objects; null where there is no number. */
static char *as_json(const history *h)
{
    json_t *all = json_array();
    for (size_t i = 0; i < h->n; i++) {
        json_t *record = json_object();
        document_set(record, "epoch", json_count(h->records[i].epoch));
        for (size_t c = 0; c < N_COLUMNS; c++) {
            document_set(record, COLUMNS[c].name, json_figure(figure_of(&h->records[i], c)));
        }
        document_append(all, record);
    }
    char *text = json_dumps(all, JSON_INDENT(2));
    json_decref(all);
    return text;
}

static int write_table(const history *h)
{
    const session *s = &h->session;
    char *text = ends_with(h->table, ".csv") ? as_csv(h) : as_json(h);
    if (text == NULL) {
        return fail(s->program, "%s: out of memory", h->table);
    }
    const sml_status status = sml_write_file(s->ctx, h->table, text, strlen(text));
    free(text);
    return status == SML_OK ? 0 : fail_library(s);
}

static int draw(const history *h, uint64_t best_epoch)
{
    curve_record *records = allocate(h->n, sizeof *records);
    short_text subtitle;
    for (size_t i = 0; i < h->n; i++) {
        const sml_epoch_record *from = &h->records[i];
        records[i] = (curve_record){(double)from->epoch, from->loss, from->validation_loss,
                                    from->accuracy, from->validation_accuracy};
    }
    snprintf(subtitle.text, sizeof subtitle.text, "%.40s epoch%s", format_count(h->n).text,
             h->n == 1 ? "" : "s");
    const curve c = {.title = h->title,
                     .subtitle = subtitle.text,
                     .metric = "accuracy",
                     .best_epoch = best_epoch > 0 ? (double)best_epoch : (double)NAN,
                     .records = records,
                     .n = h->n};
    const int code = svg_curve_save(&h->session, &c, h->picture);
    free(records);
    return code;
}

/* The first failure is told; the training goes on without the files. */
static void write_files(history *h, uint64_t best_epoch)
{
    const double began = clock_seconds();
    if (h->code == 0 && h->table != NULL) {
        h->code = write_table(h);
    }
    if (h->code == 0 && h->picture != NULL && h->n > 0) {
        h->code = draw(h, best_epoch);
    }
    h->written_at = clock_seconds();
    h->took = h->written_at - began;
}

void history_add(history *h, const sml_epoch_record *record)
{
    if (!history_is_wanted(h)) {
        return;
    }
    if (h->n == h->room) {
        const size_t room = h->room > 0 ? 2 * h->room : 64;
        sml_epoch_record *larger = allocate(room, sizeof *larger);
        if (h->n > 0) {
            memcpy(larger, h->records, h->n * sizeof *larger);
        }
        free(h->records);
        h->records = larger;
        h->room = room;
    }
    h->records[h->n++] = *record;
    if (clock_seconds() - h->written_at >= h->took / WRITING_SHARE) {
        write_files(h, 0);
    }
}

int history_finish(history *h, uint64_t best_epoch)
{
    if (history_is_wanted(h)) {
        write_files(h, best_epoch);
    }
    return h->code;
}

/* The records: numbers are read where they lie, without a look for the end of their field; what is
 * no ordinary number goes a slower way. Kinds need the whole file: a numeric column in which text
 * turns up is read as categories by a second pass. */
#include "base/context.h"
#include "base/memory.h"
#include "data/readers/csv_stream.h"
#include "data/readers/number.h"

#include <stdio.h>
#include <string.h>

enum { FIRST_ROOM = 16 };

static sml_status note_missing_target(sml__csv *csv, const sml__csv_field *field)
{
    if (csv->missing_targets++ == 0) {
        csv->missing_target_line = sml__csv_line(csv, field->begin);
    }
    return SML_OK;
}

static sml_status take_missing(sml__csv *csv, size_t column, const sml__csv_field *field,
                               float *cell)
{
    *cell = NAN;
    switch (csv->columns[column].role) {
    case SML__ROLE_TARGET:
        return note_missing_target(csv, field);
    case SML__ROLE_WEIGHT:
        return sml__csv_fail(csv, column, field, "is no weight; every row needs one");
    default:
        return SML_OK;
    }
}

static sml_status take_weight(sml__csv *csv, size_t column, const sml__csv_field *field)
{
    const float weight = csv->weights[csv->rows];
    return weight >= 0 ? SML_OK
                       : sml__csv_fail(csv, column, field, "is no weight; one is at least 0");
}

/* Text in a numeric column: an error where the kind was told, else news for the next pass. */
static sml_status take_text(sml__csv *csv, size_t column, const sml__csv_field *field)
{
    sml__csv_column *c = &csv->columns[column];
    if (c->is_fixed) {
        return sml__csv_fail(csv, column, field,
                             csv->options->like != NULL && c->role == SML__ROLE_FEATURE
                                 ? "is not a number; the model has numbers in this column"
                                 : "is not a number; this column needs numbers");
    }
    c->turned = 1;
    c->is_plain = 0;
    csv->has_turned = 1;
    return SML_OK;
}

static sml_status take_number(sml__csv *csv, size_t column, const sml__csv_field *field)
{
    sml__csv_column *c = &csv->columns[column];
    float *cell = c->out + csv->rows * c->stride;
    switch (sml__csv_classify(csv, field, cell)) {
    case SML__CELL_NUMBER:
        return c->role == SML__ROLE_WEIGHT ? take_weight(csv, column, field) : SML_OK;
    case SML__CELL_MISSING:
        c->has_marker |= !sml__csv_is_missing(field->text, field->length);
        return take_missing(csv, column, field, cell);
    case SML__CELL_INFINITE:
        return sml__csv_fail(csv, column, field,
                             "is beyond the range of float32 (±3.4e38); put a number, or nothing");
    case SML__CELL_COMMA:
        return sml__csv_fail(csv, column, field,
                             "looks like a decimal comma; say --decimal , (or --categorical with "
                             "this column, where it is a name)");
    default:
        return take_text(csv, column, field);
    }
}

static sml_status fail_full(sml__csv *csv, size_t column, const sml__csv_field *field)
{
    char problem[200];
    snprintf(problem, sizeof problem,
             "is one text too many: over %d different ones, or %d MiB of them; is the column an "
             "identifier? Leave it out: --drop '#%zu'",
             SML__CATEGORIES_MAX, SML__CATEGORY_TEXT_MAX >> 20, column + 1);
    return sml__csv_fail(csv, column, field, problem);
}

/* Where a column that holds numbers too became one of categories. */
static void note_first_text(sml__csv *csv, sml__csv_column *c, const sml__csv_field *field,
                            uint32_t number)
{
    float value;
    if (!c->is_fixed && sml__csv_classify(csv, field, &value) != SML__CELL_NUMBER) {
        c->first_text = number;
        c->first_text_line = sml__csv_current_line(csv);
    }
}

static sml_status take_category(sml__csv *csv, size_t column, const sml__csv_field *field)
{
    sml__csv_column *c = &csv->columns[column];
    float *cell = c->out + csv->rows * c->stride;
    if (sml__csv_is_missing(field->text, field->length) ||
        sml__csv_is_told_missing(csv, field->text, field->length)) {
        return take_missing(csv, column, field, cell);
    }
    const size_t before = c->entries.n;
    uint32_t number = 0;
    sml_status status =
        sml__dictionary_add(csv->ctx, &c->entries, field->text, field->length, &number);
    if (status == SML_BAD_DATA) {
        return fail_full(csv, column, field);
    }
    if (status == SML_OK && c->entries.n > before && c->role == SML__ROLE_TARGET) {
        status = sml__csv_new_class(csv, field, number);
    } else if (status == SML_OK && c->entries.n > before && c->first_text_line == 0) {
        note_first_text(csv, c, field, number);
    }
    *cell = (float)number;
    return status;
}

/* Reads the field at `at`, of any kind. Returns what follows it, NULL after a failure. */
static const char *read_cell(sml__csv *csv, const char *at, size_t column, int *ends_record,
                             sml_status *status)
{
    const sml__csv_column *c = &csv->columns[column];
    sml__csv_field field;
    *status = sml__csv_read_field(csv, at, column, &field);
    if (*status == SML_OK && c->role != SML__ROLE_DROPPED && !c->turned) {
        *status = c->is_categorical ? take_category(csv, column, &field)
                                    : take_number(csv, column, &field);
    }
    *ends_record = field.ends_record;
    return *status == SML_OK ? field.next : NULL;
}

/* A record with too few or too many fields; `at` is behind its last good one. */
static sml_status fail_ragged(sml__csv *csv, const char *record, const char *at, size_t found,
                              int ends_record)
{
    sml__csv_field field = {.next = at, .ends_record = ends_record};
    while (!field.ends_record) {
        sml_status status = sml__csv_read_field(csv, field.next, found, &field);
        if (status != SML_OK) {
            return status;
        }
        found++;
    }
    const char *sign = csv->delimiter == '\t' ? "tabs" : (char[]){'\'', csv->delimiter, '\'', 0};
    return sml__fail(csv->ctx, SML_BAD_DATA,
                     "%s:%zu: %zu columns, expected %zu as in the first line (split at %s)",
                     csv->path, sml__csv_line(csv, record), found, csv->n, sign);
}

/* The record at *at, into row csv->rows; *at moves behind it. */
static sml_status read_record(sml__csv *csv, const char **at)
{
    const char *p = *at, *const end = csv->end;
    const char delimiter = csv->delimiter, decimal = csv->decimal;
    const size_t row = csv->rows, last = csv->n - 1;
    sml_status status = SML_OK;
    int ends_record = 0;
    for (size_t i = 0; i <= last; i++) {
        const sml__csv_column *c = &csv->columns[i];
        if (c->is_plain) {
            const char *stop = sml__number_fast(p, end, decimal, &c->out[row * c->stride]);
            if (stop != NULL && *stop == delimiter && i < last) {
                p = stop + 1;
                continue;
            }
            if (stop != NULL && i == last && stop[*stop == '\r'] == '\n') {
                *at = stop + 1 + (*stop == '\r');
                return SML_OK;
            }
        }
        p = read_cell(csv, p, i, &ends_record, &status);
        if (p == NULL) {
            return status;
        }
        if (ends_record != (i == last)) {
            return fail_ragged(csv, *at, p, i + 1, ends_record);
        }
    }
    *at = p;
    return SML_OK;
}

/* ------------------------------------------------------------------------ Memory, passes */

/* Where the cells of row 0 go. */
static void place_columns(sml__csv *csv)
{
    for (size_t i = 0; i < csv->n; i++) {
        sml__csv_column *c = &csv->columns[i];
        const int is_feature = c->role == SML__ROLE_FEATURE;
        c->stride = is_feature ? csv->n_features : 1;
        c->out = is_feature ? csv->features + c->feature
                            : (c->role == SML__ROLE_TARGET ? csv->targets : csv->weights);
    }
}

/* A larger block of floats, for rows of `width`. */
static sml_status enlarge(sml__csv *csv, float **block, size_t width, size_t room)
{
    size_t cells = 0, bytes = 0;
    if (!sml__multiply(room, width, &cells) || !sml__multiply(cells, sizeof(float), &bytes)) {
        return sml__fail(csv->ctx, SML_NO_MEMORY, "out of memory: %zu rows of %zu columns", room,
                         width);
    }
    sml_status status = sml__memory_check(csv->ctx, (double)bytes, csv->path);
    float *larger = status == SML_OK ? sml__alloc_to_fill(csv->ctx, bytes, csv->path) : NULL;
    if (larger == NULL) {
        return SML_NO_MEMORY;
    }
    if (csv->rows > 0) {
        memcpy(larger, *block, csv->rows * width * sizeof **block);
    }
    sml__free(*block);
    *block = larger;
    return SML_OK;
}

static sml_status make_room(sml__csv *csv, size_t room)
{
    sml_status status = enlarge(csv, &csv->features, csv->n_features, room);
    if (status == SML_OK && csv->target < csv->n) {
        status = enlarge(csv, &csv->targets, 1, room);
    }
    if (status == SML_OK && csv->weight < csv->n) {
        status = enlarge(csv, &csv->weights, 1, room);
    }
    if (status == SML_OK) {
        csv->room = room;
        place_columns(csv);
    }
    return status;
}

/* Records are at least as many bytes long as they have columns, and mostly end in a newline. */
static size_t expected_rows(const sml__csv *csv)
{
    size_t newlines = 0;
    for (const char *at = csv->body; at < csv->end; at++) {
        newlines += *at == '\n';
    }
    const size_t most = (size_t)(csv->end - csv->body) / csv->n + 1;
    const size_t rows = newlines < most ? newlines : most;
    return rows > FIRST_ROOM ? rows : FIRST_ROOM;
}

/* Counts go on from block to block. */
void sml__csv_count_cells(sml__csv *csv)
{
    const size_t n = csv->n_features;
    for (size_t r = 0; r < csv->rows; r++) {
        const float *row = csv->features + r * n;
        for (size_t c = 0; c < n; c++) {
            /* From 2^23 on all floats are whole; below, adding it rounds to whole numbers. */
            const float size = fabsf(row[c]), limit = 8388608.0F;
            csv->fractions[c] |= (size < limit) & ((size + limit) - limit != size);
            csv->missing[c] += isnan(row[c]) != 0;
        }
    }
}

static sml_status make_counts(sml__csv *csv)
{
    sml__free(csv->missing);
    csv->missing =
        sml__alloc(csv->ctx, csv->n_features, 2 * sizeof *csv->missing, "the columns of a table");
    csv->fractions = csv->missing != NULL ? csv->missing + csv->n_features : NULL;
    return csv->missing != NULL ? SML_OK : SML_NO_MEMORY;
}

static sml_status start_pass(sml__csv *csv)
{
    csv->rows = csv->missing_targets = 0;
    csv->has_turned = 0;
    for (size_t i = 0; i < csv->n; i++) {
        sml__csv_column *c = &csv->columns[i];
        c->is_categorical |= c->turned;
        c->turned = 0;
        c->first_text_line = 0;
        c->is_plain = !c->is_categorical && csv->decimal != csv->delimiter &&
                      csv->options->n_missing == 0 &&
                      (c->role == SML__ROLE_FEATURE || c->role == SML__ROLE_TARGET);
        sml__dictionary_clear(&c->entries);
    }
    sml_status status = make_counts(csv);
    return status == SML_OK ? sml__csv_start_classes(csv) : status;
}

/* The records of the text from `at` on. */
static sml_status read_records(sml__csv *csv, const char *at)
{
    sml_status status = SML_OK;
    while (status == SML_OK && at < csv->end) {
        const char *behind = sml__csv_skip_blank_line(csv, at);
        if (behind != NULL) {
            csv->more_lines++;
            at = behind;
            continue;
        }
        status = csv->more_lines != csv->told_lines ? sml__csv_note_line(csv) : SML_OK;
        if (status == SML_OK && csv->rows == csv->room) {
            status = csv->stream != NULL ? sml__csv_put_rows(csv) : make_room(csv, 2 * csv->room);
        }
        if (status == SML_OK) {
            status = read_record(csv, &at);
        }
        csv->rows += status == SML_OK;
    }
    return status;
}

static sml_status read_pass(sml__csv *csv)
{
    sml_status status = start_pass(csv);
    if (status == SML_OK && csv->stream == NULL) {
        sml__csv_start_lines(csv);
        return read_records(csv, csv->body);
    }
    status = status == SML_OK ? sml__csv_rewind(csv) : status;
    if (status == SML_OK) {
        sml__csv_start_lines(csv);
    }
    while (sml__csv_next_piece(csv, &status)) {
        status = read_records(csv, csv->begin);
    }
    return status == SML_OK ? sml__csv_put_rows(csv) : status;
}

static int has_value(const sml__csv *csv, const sml__csv_column *c)
{
    int found = csv->stream != NULL && csv->missing[c->feature] < csv->stream->rows;
    for (size_t r = 0; r < csv->rows && !found; r++) {
        found = !isnan(c->out[r * c->stride]);
    }
    return found;
}

/* A column of nothing but "-" or "none" holds names after all. */
static void turn_markers(sml__csv *csv)
{
    for (size_t i = 0; i < csv->n; i++) {
        sml__csv_column *c = &csv->columns[i];
        if (c->role == SML__ROLE_FEATURE && c->has_marker && !c->is_categorical && !c->is_fixed &&
            !c->turned && csv->options->n_missing == 0 && !has_value(csv, c)) {
            c->turned = 1;
            csv->has_turned = 1;
        }
    }
}

sml_status sml__csv_read_rows(sml__csv *csv)
{
    const size_t row_bytes = csv->n_features * sizeof(float);
    sml_status status = make_room(csv, csv->stream != NULL ? csv->stream->usual / row_bytes + 1
                                                           : expected_rows(csv));
    if (status == SML_OK) {
        status = read_pass(csv);
    }
    if (status == SML_OK) {
        turn_markers(csv);
    }
    if (status == SML_OK && csv->has_turned) {
        status = read_pass(csv);
    }
    if (status == SML_OK && csv->stream == NULL) {
        sml__csv_count_cells(csv);
    } else if (status == SML_OK) {
        status = sml__csv_stream_finish(csv);
    }
    if (status == SML_OK && csv->rows == 0) {
        status = sml__fail(csv->ctx, SML_BAD_FILE, "%s: no row of data in it", csv->path);
    }
    return status;
}

#include "data/readers/libsvm.h"

#include "base/context.h"
#include "base/memory.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

enum { NUMBER_MAX = 64, SHOWN_MAX = 24, INDEX_MAX = INT32_MAX };

typedef struct parser {
    sml_ctx *ctx;
    const char *path;
    const char *at, *end; /* of the line that is being read, without its comment */
    size_t line;          /* from 1 */
    size_t rows, entries;
    size_t *starts;    /* [lines + 1] */
    float *values;     /* [entries of the file] */
    uint32_t *columns; /* as written */
    double *labels;    /* [lines] */
    uint32_t smallest, largest;
    sml_index_base base; /* as it was said */
} parser;

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static sml_status fail_token(const parser *p, const char *token, size_t length, const char *problem)
{
    const int shown = (int)(length < SHOWN_MAX ? length : SHOWN_MAX);
    return sml__fail(p->ctx, SML_BAD_DATA, "%s:%zu: '%.*s%s' %s", p->path, p->line, shown, token,
                     length > SHOWN_MAX ? "…" : "", problem);
}

/* The next run of characters without blanks; 0 at the end of the line. */
static size_t next_token(parser *p, const char **token)
{
    while (p->at < p->end && is_blank(*p->at)) {
        p->at++;
    }
    *token = p->at;
    while (p->at < p->end && !is_blank(*p->at)) {
        p->at++;
    }
    return (size_t)(p->at - *token);
}

/* A decimal number within float32; 0 where it is none. */
static int parse_number(const parser *p, const char *text, size_t length, double *number)
{
    char copy[NUMBER_MAX];
    if (length == 0 || length >= sizeof copy || memchr(text, '\0', length) != NULL) {
        return 0;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    return strpbrk(copy, "xX") == NULL && sml__parse_real(p->ctx, copy, number) &&
           isfinite((float)*number);
}

static sml_status parse_label(parser *p, const char *token, size_t length)
{
    if (memchr(token, ':', length) != NULL) {
        return fail_token(p, token, length,
                          "stands where the label must; a line begins with a number (0 where it is "
                          "not known)");
    }
    if (memchr(token, ',', length) != NULL) {
        return fail_token(p, token, length, "is several labels; a row may have one");
    }
    if (!parse_number(p, token, length, &p->labels[p->rows])) {
        return fail_token(p, token, length, "is not a number; a label is one");
    }
    return SML_OK;
}

/* Digits before the ':'; 0 where there are none or the number is too large. */
static int parse_index(const char *token, size_t length, uint32_t *index)
{
    uint64_t number = 0;
    size_t i = 0;
    for (; i < length && token[i] >= '0' && token[i] <= '9' && number <= INDEX_MAX; i++) {
        number = 10 * number + (uint64_t)(token[i] - '0');
    }
    *index = (uint32_t)number;
    return i > 0 && i == length && number <= INDEX_MAX;
}

static sml_status parse_entry(parser *p, const char *token, size_t length)
{
    const char *colon = memchr(token, ':', length);
    const size_t digits = colon != NULL ? (size_t)(colon - token) : length;
    const int is_first = p->entries == p->starts[p->rows];
    uint32_t index = 0;
    double value = 0.0;
    if (digits == 3 && memcmp(token, "qid", 3) == 0) {
        return fail_token(p, token, length,
                          "groups rows for ranking, which is not learned here; "
                          "leave it out");
    }
    if (colon == NULL || !parse_index(token, digits, &index)) {
        return fail_token(p, token, length,
                          "is no entry index:value with a whole index below 2147483648");
    }
    if (index == 0 && p->base == SML_INDEX_FROM_1) {
        return fail_token(
            p, token, length,
            "has index 0, but columns are counted from 1 here, as the option or the "
            "model says; where this file counts from 0, say --index-base 0, and train "
            "with it if the training file did, too");
    }
    if (!parse_number(p, colon + 1, length - digits - 1, &value)) {
        return fail_token(p, token, length, "has no value that float32 holds (±3.4e38)");
    }
    if (!is_first && index <= p->columns[p->entries - 1]) {
        return fail_token(p, token, length,
                          "does not have a larger index than the entry before; sort the entries "
                          "of a line, each index once");
    }
    p->smallest = index < p->smallest ? index : p->smallest;
    p->largest = index > p->largest ? index : p->largest;
    p->columns[p->entries] = index;
    p->values[p->entries++] = (float)value;
    return SML_OK;
}

/* Drops the entries of the row that are 0: equal rows then have equal entries. */
static void end_row(parser *p)
{
    size_t kept = p->starts[p->rows];
    for (size_t i = kept; i < p->entries; i++) {
        if (p->values[i] != 0.0f) {
            p->values[kept] = p->values[i];
            p->columns[kept++] = p->columns[i];
        }
    }
    p->entries = kept;
    p->starts[++p->rows] = kept;
}

static sml_status parse_line(parser *p, const char *at, const char *end)
{
    const char *comment = at < end ? memchr(at, '#', (size_t)(end - at)) : NULL;
    const char *token = NULL;
    p->line++;
    p->at = at;
    p->end = comment != NULL ? comment : end;
    size_t length = next_token(p, &token);
    if (length == 0) {
        return SML_OK;
    }
    sml_status status = parse_label(p, token, length);
    while (status == SML_OK && (length = next_token(p, &token)) > 0) {
        status = parse_entry(p, token, length);
    }
    if (status == SML_OK) {
        end_row(p);
    }
    return status;
}

static size_t count(const char *text, size_t length, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        n += text[i] == c;
    }
    return n;
}

/* One block for starts, values and columns: as many as the text has line ends and colons. */
static sml_status allocate(parser *p, const char *text, size_t length, sml__libsvm *parsed)
{
    const size_t lines = count(text, length, '\n') + 1, entries = count(text, length, ':');
    const size_t starts = (lines + 1) * sizeof(size_t);
    parsed->features =
        sml__alloc(p->ctx, starts + entries * (sizeof(float) + sizeof(uint32_t)), 1, p->path);
    parsed->targets = sml__alloc(p->ctx, lines, sizeof *p->labels, p->path);
    if (parsed->features == NULL || parsed->targets == NULL) {
        return SML_NO_MEMORY;
    }
    p->starts = parsed->features;
    p->values = (float *)(void *)((char *)parsed->features + starts);
    p->columns = (uint32_t *)(void *)(p->values + entries);
    p->labels = parsed->targets;
    return SML_OK;
}

static sml_status parse_lines(parser *p, const char *text, size_t length)
{
    const char *at = text, *end = text + length;
    sml_status status = SML_OK;
    if (length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) {
        at += 3;
    }
    while (status == SML_OK && at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        status = parse_line(p, at, newline != NULL ? newline : end);
        at = newline != NULL ? newline + 1 : end;
    }
    if (status == SML_OK && p->rows == 0) {
        return sml__fail(p->ctx, SML_BAD_FILE, "%s: no row in it", p->path);
    }
    return status;
}

/* Columns from 0, and how many there are. */
static sml_status set_columns(const parser *p, const sml_data_options *options, sml__libsvm *parsed)
{
    const int from_0 = p->base == SML_INDEX_AUTO ? p->smallest == 0 : p->base == SML_INDEX_FROM_0;
    const uint32_t base = from_0 ? 0 : 1;
    const size_t found = p->smallest <= p->largest ? (size_t)p->largest + 1 - base : 0;
    const size_t columns = options->like != NULL ? options->like->n : (found > 0 ? found : 1);
    if (found > columns) {
        return sml__fail(p->ctx, SML_BAD_DATA,
                         "%s: the largest index is %u, with indices from %u; the model has %zu "
                         "columns%s",
                         p->path, p->largest, base, columns,
                         from_0 && found == columns + 1
                             ? "; where this file counts from 1, say --index-base 1"
                             : "");
    }
    parsed->base = from_0 ? SML_INDEX_FROM_0 : SML_INDEX_FROM_1;
    for (size_t i = 0; i < p->entries; i++) {
        p->columns[i] -= base;
    }
    parsed->view.columns = columns;
    parsed->view.rows = p->rows;
    parsed->view.row_starts = p->starts;
    parsed->view.column_indices = p->columns;
    parsed->view.values = p->values;
    return SML_OK;
}

/* Replaces the labels as doubles by class numbers or by float32. */
static sml_status set_targets(const parser *p, const sml_data_options *options, sml__libsvm *parsed)
{
    const int is_classes = options->task == SML_TASK_CLASSIFICATION ||
                           (options->task == SML_TASK_NONE && sml__are_whole(p->labels, p->rows));
    if (!is_classes) {
        float *targets = sml__alloc(p->ctx, p->rows, sizeof *targets, "targets");
        if (targets == NULL) {
            return SML_NO_MEMORY;
        }
        for (size_t r = 0; r < p->rows; r++) {
            targets[r] = (float)p->labels[r];
        }
        sml__free(parsed->targets);
        parsed->targets = targets;
        parsed->view.targets = targets;
        parsed->view.outputs = 1;
        parsed->view.task = options->task != SML_TASK_NONE ? options->task : SML_TASK_REGRESSION;
        return SML_OK;
    }
    int32_t *labels = NULL;
    sml_status status =
        sml__classes_find(p->ctx, p->path, p->labels, p->rows, options, &parsed->classes);
    if (status == SML_OK) {
        status =
            sml__classes_number(p->ctx, p->path, &parsed->classes, p->labels, p->rows, &labels);
    }
    if (status == SML_OK) {
        sml__free(parsed->targets);
        parsed->targets = labels;
        parsed->view.labels = labels;
        parsed->view.task = SML_TASK_CLASSIFICATION;
        parsed->view.outputs = parsed->classes.outputs;
        parsed->view.class_names = parsed->classes.names;
    }
    return status;
}

sml_status sml__libsvm_parse(sml_ctx *ctx, const char *path, const char *text, size_t length,
                             const sml_data_options *options, sml__libsvm *parsed)
{
    parser p = {.ctx = ctx, .path = path, .smallest = UINT32_MAX, .base = options->index_base};
    memset(parsed, 0, sizeof *parsed);
    parsed->view.name = path;
    sml_status status = allocate(&p, text, length, parsed);
    if (status == SML_OK) {
        status = parse_lines(&p, text, length);
    }
    if (status == SML_OK) {
        status = set_columns(&p, options, parsed);
    }
    return status == SML_OK ? set_targets(&p, options, parsed) : status;
}

void sml__libsvm_free(sml__libsvm *parsed)
{
    sml__free(parsed->features);
    sml__free(parsed->targets);
    sml__classes_free(&parsed->classes);
    memset(parsed, 0, sizeof *parsed);
}

/* Whether only what numbers are written with stands there. */
static int looks_like_number(const char *text, size_t length)
{
    size_t i = 0;
    while (i < length && text[i] != '\0' && strchr("0123456789+-.eE", text[i]) != NULL) {
        i++;
    }
    return i > 0 && i == length;
}

/* "label index:value" or "label qid:number" at the begin of a line: dates and times look alike. */
static int begins_like_libsvm(parser *p, const char *label, size_t length)
{
    const char *token = NULL;
    uint32_t index = 0;
    if (!looks_like_number(label, length)) {
        return 0;
    }
    const size_t entry = next_token(p, &token);
    const char *colon = entry > 0 ? memchr(token, ':', entry) : NULL;
    if (colon == NULL) {
        return 0;
    }
    const size_t digits = (size_t)(colon - token);
    const int is_group = digits == 3 && memcmp(token, "qid", 3) == 0;
    return (is_group || parse_index(token, digits, &index)) &&
           looks_like_number(colon + 1, entry - digits - 1);
}

/* By its ending, or by the first line with something in it. */
static int is_libsvm(const sml__input *input, const sml_data_options *options)
{
    static const char *const endings[] = {".libsvm", ".svmlight", ".svm"};
    const char *at = (const char *)input->bytes, *end = at + input->length, *token = NULL;
    (void)options;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (sml__path_ends_in(input->path, endings[i])) {
            return 1;
        }
    }
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        parser p = {.at = at, .end = newline != NULL ? newline : end};
        const size_t length = next_token(&p, &token);
        if (length > 0 && *token != '#') {
            return begins_like_libsvm(&p, token, length);
        }
        at = newline != NULL ? newline + 1 : end;
    }
    return 0;
}

static sml_status open_libsvm(sml_ctx *ctx, sml__input *input, const sml_data_options *options,
                              sml_dataset **out)
{
    sml__libsvm parsed;
    sml_status status = sml__libsvm_parse(ctx, input->path, (const char *)input->bytes,
                                          input->length, options, &parsed);
    if (status == SML_OK) {
        status = sml__dataset_adopt(ctx, &parsed.view, parsed.features, parsed.targets, out);
        parsed.features = NULL;
        parsed.targets = NULL;
    }
    if (status == SML_OK) {
        (*out)->index_base = parsed.base;
    }
    sml__libsvm_free(&parsed);
    return status;
}

const sml__reader sml__libsvm_reader = {"LIBSVM", is_libsvm, open_libsvm, NULL};

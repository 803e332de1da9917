/* The reader of tables: which files it takes, and the whole way from bytes to a data set. */
#include "data/readers/csv_stream.h"

#include "base/context.h"
#include "base/memory.h"

#include <string.h>

enum { CACHE_LINE = 64 };

static int has_table_name(const char *path)
{
    static const char *const endings[] = {".csv", ".tsv", ".tab", ".csv.gz", ".tsv.gz", ".tab.gz"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (sml__path_ends_in(path, endings[i])) {
            return 1;
        }
    }
    return 0;
}

/* Rows for a model of nothing but numbers: those with blanks between them have one meaning only,
 * its columns in their order. */
static int are_spaced_rows(const sml__input *input, const sml_schema *like)
{
    for (size_t c = 0; c < like->n; c++) {
        if (like->columns[c].kind == SML__CATEGORICAL) {
            return 0;
        }
    }
    return !has_table_name(input->path) && sml__csv_has_spaced_numbers(input->bytes, input->length);
}

/* Any option that speaks of columns makes a text a table. Else the first line must have words in
 * it: bare numbers stay with the reader of text, which is stricter and knows comments. */
static int is_table(const sml__input *input, const sml_data_options *options)
{
    int has_delimiter = 0;
    if (options->target != NULL || options->weight != NULL || options->drop != NULL ||
        options->categorical != NULL || options->delimiter != 0 || options->decimal != 0 ||
        options->header != 0 || options->n_missing > 0) {
        return 1;
    }
    if (options->like != NULL) {
        return !are_spaced_rows(input, options->like);
    }
    return sml__csv_has_words(input->bytes, input->length, &has_delimiter) &&
           (has_delimiter || has_table_name(input->path));
}

/* The loops over the text stop at newlines, so there is always one at its end: in the rest of the
 * last cache line, which sml__alloc gives in full, or in a copy. */
static sml_status end_in_newline(sml_ctx *ctx, sml__input *input)
{
    if (input->length > 0 && input->bytes[input->length - 1] == '\n') {
        return SML_OK;
    }
    if (input->length % CACHE_LINE == 0) {
        unsigned char *copy = sml__alloc_to_fill(ctx, input->length + 1, input->path);
        if (copy == NULL) {
            return SML_NO_MEMORY;
        }
        memcpy(copy, input->bytes, input->length);
        sml__free(input->bytes);
        input->bytes = copy;
    }
    input->bytes[input->length++] = '\n';
    return SML_OK;
}

/* How many cells of a column of categories are numbers, where no option made it one. */
static void count_numbers(sml__csv *csv, const sml__csv_column *from, sml__column *to)
{
    for (size_t i = 0; !from->is_fixed && from->first_text_line > 0 && i < from->entries.n; i++) {
        float value;
        const struct sml__dictionary_entry *entry = &from->entries.entries[i];
        const sml__csv_field field = {.text = sml__dictionary_text(&from->entries, i),
                                      .length = entry->length};
        const int is_number = sml__csv_classify(csv, &field, &value) == SML__CELL_NUMBER;
        to->numbers += is_number ? entry->count : 0;
        to->texts += is_number ? 0 : entry->count;
    }
    to->first_text = from->first_text;
    to->first_text_line = from->first_text_line;
}

static sml_status list_categories(sml__csv *csv, const sml__csv_column *from, sml__column *to)
{
    const size_t n = from->entries.n;
    const char **texts = sml__alloc(csv->ctx, n, sizeof *texts, "names of categories");
    if (texts == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        texts[i] = sml__dictionary_text(&from->entries, i);
    }
    to->categories = texts;
    to->n_categories = n;
    count_numbers(csv, from, to);
    return SML_OK;
}

/* A schema that borrows names and texts from the parser; lists of categories are its own. */
static sml_status fill_columns(sml__csv *csv, sml__column *columns)
{
    sml_status status = SML_OK;
    for (size_t i = 0; i < csv->n && status == SML_OK; i++) {
        const sml__csv_column *from = &csv->columns[i];
        if (from->role != SML__ROLE_FEATURE) {
            continue;
        }
        sml__column *to = &columns[from->feature];
        to->name = from->name;
        to->kind = from->is_categorical ? SML__CATEGORICAL : SML__NUMERIC;
        to->missing = csv->missing[from->feature];
        to->is_integer =
            !from->is_categorical && csv->fractions[from->feature] == 0 && to->missing < csv->rows;
        status = from->is_categorical ? list_categories(csv, from, to) : SML_OK;
    }
    return status;
}

static sml_status make_schema(sml__csv *csv, sml_schema **out)
{
    sml_schema schema = {.n = csv->n_features, .has_names = csv->has_header};
    schema.columns = sml__alloc(csv->ctx, schema.n, sizeof *schema.columns, "a schema");
    if (schema.columns == NULL) {
        return SML_NO_MEMORY;
    }
    schema.target = csv->target < csv->n ? csv->columns[csv->target].name : NULL;
    schema.weight = csv->weight < csv->n ? csv->columns[csv->weight].name : NULL;
    sml_status status = fill_columns(csv, schema.columns);
    if (status == SML_OK) {
        status = sml__schema_copy(csv->ctx, &schema, out);
    }
    if (status == SML_OK) {
        (*out)->lines = csv->lines;
        csv->lines = (sml__lines){0};
    }
    for (size_t i = 0; i < schema.n; i++) {
        sml__free((void *)schema.columns[i].categories);
    }
    sml__free(schema.columns);
    return status;
}

/* The file of rows as the features of a data set. */
static sml_status make_stored(sml__csv *csv, const sml_data_view *view, sml_schema *schema,
                              void *block, sml_dataset **out)
{
    sml__csv_stream *stream = csv->stream;
    sml__store *store = NULL;
    const sml__element element = {'f', sizeof(float), 0};
    const int fd = stream->file.fd;
    stream->file.fd = -1;
    sml_status status =
        sml__store_create(csv->ctx, fd, csv->path, 0, element, csv->n_features, &store);
    if (status != SML_OK) {
        sml__schema_free(schema);
        sml__free(block);
        return status;
    }
    return sml__dataset_adopt_store(csv->ctx, view, store, schema, block, out);
}

/* Features, targets and schema become a data set, which owns them. */
static sml_status make_dataset(sml__csv *csv, sml_dataset **out)
{
    sml_schema *schema = NULL;
    void *block = NULL;
    const char **names = NULL;
    sml_data_view view = {
        .name = csv->path,
        .rows = csv->rows,
        .columns = csv->n_features,
        .features = csv->features,
    };
    sml_status status = sml__csv_finish_target(csv, &view, &block, &names);
    if (status == SML_OK) {
        status = make_schema(csv, &schema);
    }
    if (status == SML_OK) {
        status = csv->stream != NULL
                     ? make_stored(csv, &view, schema, block, out)
                     : sml__dataset_adopt_table(csv->ctx, &view, schema,
                                                (void *const[]){csv->features, block}, 2, out);
        csv->features = NULL;
        block = NULL;
    }
    sml__free(block);
    sml__free(names);
    return status;
}

static void release(sml__csv *csv)
{
    for (size_t i = 0; csv->columns != NULL && i < csv->n; i++) {
        sml__dictionary_clear(&csv->columns[i].entries);
    }
    sml__dictionary_clear(&csv->first);
    sml__dictionary_clear(&csv->names);
    sml__free(csv->first_field);
    sml__free(csv->columns);
    sml__free(csv->scratch);
    sml__free(csv->missing);
    sml__free(csv->features);
    sml__free(csv->targets);
    sml__free(csv->weights);
    sml__free(csv->class_of_entry);
    sml__free(csv->lines.jumps);
}

void sml__csv_forget(sml__csv *csv)
{
    const sml__csv kept = {
        .ctx = csv->ctx, .path = csv->path, .options = csv->options, .stream = csv->stream};
    release(csv);
    *csv = kept;
}

/* From the format, which is known, to the data set. */
static sml_status read_table(sml__csv *csv, sml_dataset **out)
{
    sml_status status = sml__csv_plan(csv);
    if (status == SML_OK) {
        status = sml__csv_read_rows(csv);
    }
    return status == SML_OK ? make_dataset(csv, out) : status;
}

static sml_status open_table(sml_ctx *ctx, sml__input *input, const sml_data_options *options,
                             sml_dataset **out)
{
    *out = NULL;
    sml_status status = end_in_newline(ctx, input);
    if (status != SML_OK) {
        return status;
    }
    const char *text = (const char *)input->bytes;
    sml__csv csv = {.ctx = ctx,
                    .path = input->path,
                    .options = options,
                    .begin = text,
                    .end = text + input->length};
    status = sml__csv_sniff(&csv);
    if (status == SML_OK) {
        status = read_table(&csv, out);
    }
    release(&csv);
    return status;
}

static sml_status open_large_table(sml_ctx *ctx, sml__large_input *input,
                                   const sml_data_options *options, sml_dataset **out)
{
    sml__csv csv = {.ctx = ctx, .path = input->head.path, .options = options};
    sml__csv_stream stream;
    *out = NULL;
    sml_status status = sml__csv_stream_open(&csv, input->fd, input->length, &stream);
    input->fd = -1;
    if (status == SML_OK) {
        status = sml__csv_stream_sniff(&csv);
    }
    if (status == SML_OK) {
        status = read_table(&csv, out);
    }
    release(&csv);
    sml__csv_stream_close(&stream);
    return status;
}

const sml__reader sml__csv_reader = {"CSV", is_table, open_table, open_large_table};

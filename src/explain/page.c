#include "explain/page.h"

#include "base/memory.h"
#include "explain/trace.h"

#include <math.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { CHUNK = 16384, FIXED_DIGITS = 6, MOST_DECIMALS = 9 };

/* Memory that is freed with the page. */
struct sml__page_chunk {
    sml__page_chunk *next;
    size_t used, size;
    alignas(16) unsigned char bytes[];
};

static void *take(sml_page *page, size_t size)
{
    sml__page_chunk *chunk = page->chunks;
    size = (size + 15) / 16 * 16;
    if (page->status != SML_OK) {
        return NULL;
    }
    if (chunk == NULL || chunk->size - chunk->used < size) {
        const size_t room = size > CHUNK ? size : CHUNK;
        chunk = sml__alloc(page->ctx, 1, sizeof *chunk + room, "a page");
        if (chunk == NULL) {
            page->status = SML_NO_MEMORY;
            return NULL;
        }
        chunk->size = room;
        chunk->next = page->chunks;
        page->chunks = chunk;
    }
    void *memory = chunk->bytes + chunk->used;
    chunk->used += size;
    return memory;
}

/* One more of the things in *list, of which there are n; NULL after a failure. */
static void *append(sml_page *page, void *list, size_t *n, size_t *room, size_t size)
{
    void **items = list;
    if (page->status != SML_OK) {
        return NULL;
    }
    if (*n == *room) {
        const size_t wanted = 2 * *room + 32;
        unsigned char *larger = sml__alloc(page->ctx, wanted, size, "a page");
        if (larger == NULL) {
            page->status = SML_NO_MEMORY;
            return NULL;
        }
        if (*n > 0) {
            memcpy(larger, *items, *n * size);
        }
        sml__free(*items);
        *items = larger;
        *room = wanted;
    }
    return (unsigned char *)*items + size * (*n)++;
}

const char *sml__page_copy(sml_page *page, const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = take(page, size);
    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

static sml_words words_of(sml_page *page, const char *text)
{
    sml_words words = {"", ""};
    const size_t length = sml__spell(text, NULL, 0);
    char *ascii = take(page, length + 1);
    const char *utf8 = sml__page_copy(page, text);
    if (ascii != NULL && utf8 != NULL) {
        sml__spell(text, ascii, length + 1);
        words.utf8 = utf8;
        words.ascii = ascii;
    }
    return words;
}

/* A name from data: ours are the signs, not what it holds. */
static sml_words name_of(sml_page *page, const char *name)
{
    const char *copy = sml__page_copy(page, name);
    const sml_words words = {copy != NULL ? copy : "", copy != NULL ? copy : ""};
    return words;
}

static const sml_words NO_WORDS = {"", ""};

static sml_cell *next_cell(sml_page *page)
{
    sml_cell *cell =
        append(page, &page->pending, &page->n_pending, &page->pending_room, sizeof *cell);
    cell = cell != NULL ? cell : &page->spare;
    *cell = (sml_cell){.before = page->before,
                       .text = NO_WORDS,
                       .after = NO_WORDS,
                       .value = (double)NAN,
                       .bar = (double)NAN};
    page->before = NO_WORDS;
    return cell;
}

void sml__before(sml_page *page, const char *words)
{
    page->before = words_of(page, words);
}

void sml__after(sml_page *page, const char *words)
{
    if (page->n_pending > 0) {
        page->pending[page->n_pending - 1].after = words_of(page, words);
    }
}

sml_cell *sml__words(sml_page *page, const char *words)
{
    sml__before(page, words);
    return next_cell(page);
}

static const char *path_of(sml_page *page, const char *format, va_list arguments)
{
    char path[128];
    vsnprintf(path, sizeof path, format, arguments);
    return sml__page_copy(page, path);
}

sml_cell *sml__name(sml_page *page, const char *name, sml_source source, const char *path, ...)
{
    va_list arguments;
    sml_cell *cell = next_cell(page);
    va_start(arguments, path);
    cell->text = name_of(page, name);
    cell->path = path_of(page, path, arguments);
    cell->source = source;
    va_end(arguments);
    return cell;
}

sml_cell *sml__number(sml_page *page, double value, sml_source source, sml_digits digits,
                      const char *path, ...)
{
    char text[SML_NUMBER_TEXT];
    va_list arguments;
    sml_cell *cell = next_cell(page);
    va_start(arguments, path);
    sml__number_text(value, digits, 0, text);
    cell->text = name_of(page, text);
    cell->path = path_of(page, path, arguments);
    cell->is_number = 1;
    cell->value = value;
    cell->source = source;
    cell->digits = digits;
    va_end(arguments);
    return cell;
}

/* The block of the cells since the last one; a spare one after a failure. */
static sml_block *next_block(sml_page *page, sml_block_kind kind)
{
    const size_t n = page->n_pending;
    sml_cell *cells = n > 0 ? take(page, n * sizeof *cells) : NULL;
    sml_block *block =
        append(page, &page->blocks, &page->n_blocks, &page->block_room, sizeof *block);
    page->n_pending = 0;
    if (block == NULL) {
        return &page->spare_block;
    }
    if (cells != NULL) {
        memcpy(cells, page->pending, n * sizeof *cells);
    }
    *block = (sml_block){.kind = kind, .cells = cells, .rows = 1, .columns = n, .alignment = ""};
    return block;
}

void sml__end_heading(sml_page *page, int level)
{
    next_block(page, SML_BLOCK_HEADING)->level = level;
}

void sml__end_text(sml_page *page)
{
    next_block(page, SML_BLOCK_TEXT);
}

void sml__end_check(sml_page *page, int holds)
{
    next_block(page, SML_BLOCK_CHECK)->holds = holds;
}

void sml__end_formula(sml_page *page, const char *name)
{
    const sml_formula *found = sml__formula(name);
    sml_formula *copy = take(page, sizeof *copy);
    sml_block *block = next_block(page, SML_BLOCK_FORMULA);
    if (page->status == SML_OK) {
        *copy = *found;
        copy->text = words_of(page, found->text.utf8);
        block->formula = copy;
    }
}

void sml__end_picture(sml_page *page, const float *values, size_t height, size_t width,
                      int is_signed, const char *path, ...)
{
    va_list arguments;
    float *copy = take(page, height * width * sizeof *copy);
    sml_block *block = next_block(page, SML_BLOCK_PICTURE);
    va_start(arguments, path);
    if (page->status == SML_OK) {
        block->path = path_of(page, path, arguments);
        block->values = memcpy(copy, values, height * width * sizeof *copy);
        block->height = height;
        block->width = width;
        block->is_signed = is_signed;
    }
    va_end(arguments);
}

void sml__end_fold(sml_page *page, int is_open)
{
    next_block(page, SML_BLOCK_FOLD)->is_open = is_open;
}

void sml__close_fold(sml_page *page)
{
    next_block(page, SML_BLOCK_END);
}

void sml__begin_table(sml_page *page, const char *alignment, const char *heads)
{
    page->columns = strlen(alignment);
    page->alignment = alignment;
    page->has_heads = heads != NULL;
    for (const char *head = heads; head != NULL;) {
        char one[64];
        const size_t length = strcspn(head, "\t");
        snprintf(one, sizeof one, "%.*s", (int)length, head);
        sml__words(page, one);
        head = head[length] == '\t' ? head + length + 1 : NULL;
    }
}

/* Decimals that show so many digits of the largest number of a column; -1: they do not fit. */
static int decimals_of(double largest)
{
    if (!(largest > 0) || largest > 1e6) {
        return largest > 0 ? -1 : 0;
    }
    const int decimals = FIXED_DIGITS - 1 - (int)floor(log10(largest));
    return decimals <= MOST_DECIMALS ? decimals : -1;
}

static void fix_column(sml_page *page, size_t column)
{
    double largest = 0, longest = 0;
    for (size_t i = column; i < page->n_pending; i += page->columns) {
        const sml_cell *cell = &page->pending[i];
        if (cell->digits == SML_DIGITS_FIXED && isfinite(cell->value)) {
            largest = fmax(largest, fabs(cell->value));
        }
        longest = isfinite(cell->bar) ? fmax(longest, fabs(cell->bar)) : longest;
    }
    const int decimals = decimals_of(largest);
    for (size_t i = column; i < page->n_pending; i += page->columns) {
        sml_cell *cell = &page->pending[i];
        char text[SML_NUMBER_TEXT];
        cell->bar = isfinite(cell->bar) ? (longest > 0 ? cell->bar / longest : 0) : (double)NAN;
        if (!cell->is_number || cell->digits != SML_DIGITS_FIXED) {
            continue;
        }
        cell->digits = decimals < 0 ? SML_DIGITS_VALUE : SML_DIGITS_FIXED;
        cell->decimals = decimals < 0 ? 0 : decimals;
        sml__number_text(cell->value, cell->digits, cell->decimals, text);
        cell->text = name_of(page, text);
    }
}

void sml__end_table(sml_page *page)
{
    const size_t columns = page->columns;
    if (page->status != SML_OK || columns == 0) {
        return;
    }
    for (size_t column = 0; column < columns; column++) {
        fix_column(page, column);
    }
    const char *alignment = sml__page_copy(page, page->alignment);
    sml_block *block = next_block(page, SML_BLOCK_TABLE);
    if (page->status == SML_OK) {
        block->rows = block->columns / columns;
        block->columns = columns;
        block->alignment = alignment;
        block->has_heads = page->has_heads;
    }
}

void sml__page_fail(sml_page *page, sml_status status)
{
    page->status = page->status == SML_OK ? status : page->status;
}

size_t sml__page_sum(sml_page *page, const sml_trace *trace, const sml_sum *question, size_t top,
                     sml_sum *out)
{
    sml_sum *noted = append(page, &page->sums, &page->n_sums, &page->sum_room, sizeof *noted);
    *out = (sml_sum){0};
    if (noted == NULL) {
        return 0;
    }
    *noted = *question;
    sml__page_fail(page, sml_trace_sum(page->ctx, trace, question, top, out));
    return page->n_sums - 1;
}

size_t sml__page_unit(sml_page *page, const sml_trace *trace, const sml_trace_place *question,
                      sml_unit_facts *out)
{
    sml_trace_unit(trace, question->layer, question->unit, question->row, out);
    for (size_t i = 0; i < page->n_units; i++) {
        const sml_trace_place *u = &page->units[i];
        if (u->layer == question->layer && u->unit == question->unit && u->row == question->row) {
            return i;
        }
    }
    sml_trace_place *noted =
        append(page, &page->units, &page->n_units, &page->unit_room, sizeof *noted);
    if (noted == NULL) {
        return 0;
    }
    *noted = *question;
    return page->n_units - 1;
}

const sml_sum *sml_page_sum(const sml_page *page, size_t index)
{
    return index < page->n_sums ? &page->sums[index] : NULL;
}

const sml_trace_place *sml_page_unit_at(const sml_page *page, size_t index)
{
    return index < page->n_units ? &page->units[index] : NULL;
}

sml_status sml__page_new(sml_ctx *ctx, sml_page **out)
{
    *out = sml__alloc(ctx, 1, sizeof **out, "a page");
    if (*out == NULL) {
        return SML_NO_MEMORY;
    }
    (*out)->ctx = ctx;
    (*out)->before = NO_WORDS;
    return SML_OK;
}

sml_status sml__page_finish(sml_page *page, sml_page **out)
{
    const sml_status status = page->status;
    page->ctx = NULL;
    if (status != SML_OK) {
        sml_page_free(page);
        page = NULL;
    }
    *out = page;
    return status;
}

/* What a page of this kind needs of its options. */
static sml_status check_options(sml_ctx *ctx, const sml_trace *trace,
                                const sml_page_options *options)
{
    size_t first = 0, end = 0, blocks = 0;
    while (sml__trace_block(trace, blocks, &first, &end)) {
        blocks++;
    }
    if (options->row >= trace->rows) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "page: row %zu; the batch has rows 0…%zu",
                         options->row, trace->rows - 1);
    }
    if (options->kind != SML_PAGE_LAYER && options->kind != SML_PAGE_UNIT) {
        return SML_OK;
    }
    if (!sml__trace_block(trace, options->block, &first, &end)) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "page: layer %zu; the model has layers 0…%zu",
                         options->block, blocks - 1);
    }
    const size_t units = trace->network.layers[first].n_out;
    if (options->kind == SML_PAGE_UNIT && options->unit >= units) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "page: unit %zu; layers.%zu has units 0…%zu",
                         options->unit, options->block, units - 1);
    }
    return SML_OK;
}

static void build(sml_page *page, const sml_trace *trace, const sml_page_options *options)
{
    switch (options->kind) {
    case SML_PAGE_SAMPLE:
        sml__page_sample(page, trace, options);
        break;
    case SML_PAGE_LOSS:
        sml__page_loss(page, trace, options);
        break;
    case SML_PAGE_LAYER:
        sml__page_layer(page, trace, options);
        break;
    case SML_PAGE_UNIT:
        sml__page_of_unit(page, trace, options);
        break;
    case SML_PAGE_WEIGHT:
        sml__page_weight(page, trace, options);
        break;
    case SML_PAGE_UPDATE:
        sml__page_update(page, trace, options);
        break;
    case SML_PAGE_WHAT_IF:
        sml__page_what_if(page, trace, options);
        break;
    }
}

sml_status sml_page_create(sml_ctx *ctx, const sml_trace *trace, const sml_page_options *options,
                           sml_page **out)
{
    enum { TOP = 8 };
    sml_page_options filled = *options;
    sml_page *page = NULL;
    *out = NULL;
    filled.top = filled.top > 0 ? filled.top : TOP;
    sml_status status = check_options(ctx, trace, &filled);
    if (status == SML_OK) {
        status = sml__page_new(ctx, &page);
    }
    if (status != SML_OK) {
        return status;
    }
    const locale_t before = uselocale(ctx->numbers);
    build(page, trace, &filled);
    uselocale(before);
    return sml__page_finish(page, out);
}

const sml_block *sml_page_block(const sml_page *page, size_t index)
{
    return index < page->n_blocks ? &page->blocks[index] : NULL;
}

void sml_page_free(sml_page *page)
{
    if (page == NULL) {
        return;
    }
    for (sml__page_chunk *chunk = page->chunks, *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        sml__free(chunk);
    }
    sml__free(page->blocks);
    sml__free(page->pending);
    sml__free(page->sums);
    sml__free(page->units);
    sml__free(page);
}

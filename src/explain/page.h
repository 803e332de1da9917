/* How pages are built. A builder appends blocks and cells; the first failure is kept in the page
 * and makes everything after it do nothing, so that only the end has to ask. Texts are copied, and
 * get their ASCII spelling here. */
#ifndef SML_EXPLAIN_PAGE_H
#define SML_EXPLAIN_PAGE_H

#include "base/context.h"

#include <scratchml/page.h>

typedef struct sml__page_chunk sml__page_chunk;

struct sml_page {
    sml_ctx *ctx;
    sml_status status;
    sml__page_chunk *chunks; /* texts and finished cells */
    sml_block *blocks;
    size_t n_blocks, block_room;
    sml_cell *pending; /* cells of the block that is being built */
    size_t n_pending, pending_room;
    sml_cell spare; /* what a builder gets after a failure */
    sml_block spare_block;
    size_t columns; /* of the table that is being built; 0: none */
    const char *alignment;
    int has_heads;
    sml_words before; /* for the next cell */
    sml_sum *sums;    /* [n_sums] questions only */
    size_t n_sums, sum_room;
    sml_trace_place *units; /* [n_units] */
    size_t n_units, unit_room;
};

sml_status sml__page_new(sml_ctx *ctx, sml_page **out);
/* Hands the page over, or frees it and says what failed. */
sml_status sml__page_finish(sml_page *page, sml_page **out);

/* Words for the next cell to stand behind; words for the last one to stand before. */
void sml__before(sml_page *page, const char *words);
void sml__after(sml_page *page, const char *words);

/* Cells. The path is a format; the cell may be changed until the next call. */
sml_cell *sml__words(sml_page *page, const char *words);
sml_cell *sml__name(sml_page *page, const char *name, sml_source source, const char *path, ...)
    __attribute__((format(printf, 4, 5)));
sml_cell *sml__number(sml_page *page, double value, sml_source source, sml_digits digits,
                      const char *path, ...) __attribute__((format(printf, 5, 6)));

/* The cells since the last block become a block. A heading of the page has level 1. */
void sml__end_heading(sml_page *page, int level);
void sml__end_text(sml_page *page);
void sml__end_check(sml_page *page, int holds);
/* name: of the table in formulas.c. */
void sml__end_formula(sml_page *page, const char *name);
/* values[height, width] are copied. */
void sml__end_picture(sml_page *page, const float *values, size_t height, size_t width,
                      int is_signed, const char *path, ...) __attribute__((format(printf, 6, 7)));
void sml__end_fold(sml_page *page, int is_open); /* what the summary says; then blocks, then */
void sml__close_fold(sml_page *page);

/* The next cells are those of a table; heads: its headings, separated by tabulators, or NULL. */
void sml__begin_table(sml_page *page, const char *alignment, const char *heads);
/* Ends it. Cells of SML_DIGITS_FIXED get the decimals that show six digits of the largest in their
 * column, and bars their length in units of the longest. */
void sml__end_table(sml_page *page);

/* A text of its own in the page; NULL after a failure. */
const char *sml__page_copy(sml_page *page, const char *text);

/* As sml_number_text, in the locale of the thread, which must be the context's. */
void sml__number_text(double value, sml_digits digits, int decimals, char text[SML_NUMBER_TEXT]);

/* The formula by its name, its ASCII not yet made; NULL where there is none. */
const sml_formula *sml__formula(const char *name);
const sml_formula *sml__formula_at(size_t index); /* NULL past the end */

/* text with every sign spelt in ASCII, into out, at most size - 1 bytes of it. Returns the bytes
 * that all of it has. */
size_t sml__spell(const char *text, char *out, size_t size);

/* Asks the trace, and notes the question in the page. Returns its number there; after a failure
 * *out is empty. Free with sml_sum_clear. */
size_t sml__page_sum(sml_page *page, const sml_trace *trace, const sml_sum *question, size_t top,
                     sml_sum *out);
size_t sml__page_unit(sml_page *page, const sml_trace *trace, const sml_trace_place *question,
                      sml_unit_facts *out);

/* The page fails, with the text that ctx has. */
void sml__page_fail(sml_page *page, sml_status status);

/* A page of each kind. */
void sml__page_sample(sml_page *page, const sml_trace *trace, const sml_page_options *options);
void sml__page_loss(sml_page *page, const sml_trace *trace, const sml_page_options *options);
void sml__page_layer(sml_page *page, const sml_trace *trace, const sml_page_options *options);
void sml__page_of_unit(sml_page *page, const sml_trace *trace, const sml_page_options *options);
void sml__page_weight(sml_page *page, const sml_trace *trace, const sml_page_options *options);
void sml__page_update(sml_page *page, const sml_trace *trace, const sml_page_options *options);
void sml__page_what_if(sml_page *page, const sml_trace *trace, const sml_page_options *options);

#endif

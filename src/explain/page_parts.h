/* Pieces that several pages have: where a number is, a sum term by term, a check of it. */
#ifndef SML_EXPLAIN_PAGE_PARTS_H
#define SML_EXPLAIN_PAGE_PARTS_H

#include "explain/page.h"
#include "explain/trace.h"

/* How a sum is told. Its terms have an index, or a name, and two factors. */
typedef struct sml__sum_words {
    const char *formula;
    const char *heads; /* of four columns */
    const char *bias;  /* "bias b_j"; NULL: it has none */
    const char *total; /* "z_j" */
    const char *bound; /* what γ_n multiplies: "(Σ|w x| + |b|)" */
    int has_inputs;    /* terms are inputs of the layer, which may have names */
} sml__sum_words;

/* Formula, terms and check. */
void sml__add_sum(sml_page *page, const sml_trace *trace, const sml__sum_words *words,
                  const sml_sum *question, size_t top);

/* The engine's number beside the sum, which is "sums" number of the page, and how far they may be
 * apart; bound as in sml__sum_words. */
void sml__add_sum_check(sml_page *page, const sml_sum *sum, size_t number, const char *bound);

/* The same of a sum over the rows of the batch, with what they are and which way they push. */
void sml__add_batch_sum(sml_page *page, const sml_trace *trace, const sml_sum *question,
                        size_t top);

/* Whether a row of the batch weighs something else than 1, so that formulas need w_s. */
int sml__is_weighted(const sml_trace *trace);

/* The formula, or the one with weights that goes with it. */
void sml__end_weighed_formula(sml_page *page, const char *name, int is_weighted);

/* "Σ w_s = 2.28" */
void sml__add_weights(sml_page *page, const sml_trace *trace);

/* Where the row does not weigh 1: "C is the loss of the row times its weight, w_s = 0.74", what the
 * derivatives on the page are of. */
void sml__add_weight_of_row(sml_page *page, const sml_trace *trace, size_t row);

/* ", rows 17 to 21" of the data that are in the batch. */
void sml__add_rows(sml_page *page, const sml_trace *trace);

/* " · sample 7" at the end of a heading. */
void sml__add_sample(sml_page *page, const sml_trace *trace, size_t row);

/* "layers.0" */
void sml__add_block_name(sml_page *page, size_t layer, int block);

/* The class of a row, -1: none; the one that the model finds most probable. */
int32_t sml__trace_label(const sml_trace *trace, size_t row);
size_t sml__trace_answer(const sml_trace *trace, size_t row);

/* "engine …, in double …, difference …, at most …" and how it ended. Members of the number at path
 * are found by the four names. */
typedef struct sml__verdict {
    const char *path;
    const char *engine_name, *double_name, *bound_name;
    double engine, exact, bound;
    int is_engine64; /* the engine keeps it in double */
} sml__verdict;
void sml__add_verdict(sml_page *page, const sml__verdict *verdict);

#endif

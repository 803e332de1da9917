/* Pieces that several pages have: where a number is, a sum term by term, a check of it. */
#ifndef SML_EXPLAIN_PAGE_PARTS_H
#define SML_EXPLAIN_PAGE_PARTS_H

#include "explain/page.h"
#include "explain/trace.h"

/* How a sum is told. Its terms have an index, or a name, and two factors. */
typedef struct sml__sum_words {
    const char *formula;
    const char *heads; /* of four columns, or of seven */
    const char *bias;  /* "bias b_j"; NULL: it has none */
    const char *total; /* "z_j" */
    const char *bound; /* what γ_n multiplies: "(Σ|w x| + |b|)" */
    int has_inputs;    /* terms are inputs of the layer, which may have names */
    int has_rows;      /* terms are rows of the batch: seven columns, with label, answer, share */
} sml__sum_words;

/* Formula, terms and check. Returns the total in double. */
double sml__add_sum(sml_page *page, const sml_trace *trace, const sml__sum_words *words,
                    const sml_sum *question, size_t top);

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
} sml__verdict;
void sml__add_verdict(sml_page *page, const sml__verdict *verdict);

#endif

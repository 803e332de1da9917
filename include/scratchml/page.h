/* Pages: a trace as people read it. A page is a list of blocks, and every number in it is a cell
 * that says what it is: its value, where it comes from, its place in the JSON of the trace, and its
 * digits. Who shows a page, in a terminal or in a browser, chooses widths and colours, no digits.
 */
#ifndef SCRATCHML_PAGE_H
#define SCRATCHML_PAGE_H

#include <scratchml/trace.h>
#include <scratchml/what_if.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How many digits of a number are shown. */
typedef enum sml_digits {
    SML_DIGITS_VALUE, /* six that count: 0.0170455 */
    SML_DIGITS_EXACT, /* nine, which tell every float32 from its neighbours */
    SML_DIGITS_SMALL, /* two, of a difference or a bound: 4.8e-08 */
    SML_DIGITS_COUNT, /* a whole number with commas: 101,770 */
    SML_DIGITS_INDEX, /* a whole number without: sample 1017 */
    SML_DIGITS_SHARE, /* 0.8304 as 83.04% */
    SML_DIGITS_FIXED  /* so many decimals, alike in a column, so that the points stand in line */
} sml_digits;

enum { SML_NUMBER_TEXT = 48 };

/* The one place that makes digits of numbers, the same in every locale. Not finite: "inf", "-inf",
 * "nan". decimals: of SML_DIGITS_FIXED. */
SML_API void sml_number_text(const sml_ctx *ctx, double value, sml_digits digits, int decimals,
                             char text[SML_NUMBER_TEXT]);

/* Text as it is, and for a terminal that has ASCII alone: "Σ_i w_ji x_i", "sum_i w_ji x_i". Names
 * from data are the same in both, and safe in neither: they may hold any byte. */
typedef struct sml_words {
    const char *utf8, *ascii; /* never NULL */
} sml_words;

/* Words, a name, or a number with words around it: the three texts follow on each other, with the
 * blanks that they have. */
typedef struct sml_cell {
    sml_words before, text, after; /* before and after hold no digit. Words alone: text is empty */
    const char *path; /* of a number or a name: its place in the JSON, "samples[0].label_name"; NULL
                         for words */
    int is_number;
    double value;      /* of a number; NaN else */
    sml_source source; /* of a number or a name */
    sml_digits digits; /* text is sml_number_text of these three */
    int decimals;
    double bar; /* a bar of this length, -1 to 1, in units of the longest; NaN: none */
} sml_cell;

/* A formula of docs/network.md. */
typedef struct sml_formula {
    const char *name; /* "dense" */
    sml_words text;
    const char *mathml;   /* what stands within <math> */
    const char *equation; /* its number there, "17"; NULL: it has none */
} sml_formula;

typedef enum sml_block_kind {
    SML_BLOCK_HEADING, /* cells as in a text; level 1: of the page, 2: of a part */
    SML_BLOCK_TEXT,    /* cells follow on each other and make a paragraph */
    SML_BLOCK_FORMULA, /* and cells, if there are any, are its value */
    SML_BLOCK_TABLE,   /* rows · columns cells; row 0 has the headings */
    SML_BLOCK_PICTURE, /* cells are the legend */
    SML_BLOCK_CHECK,   /* cells as in a text; holds says how it ended */
    SML_BLOCK_FOLD,    /* what follows up to its END can be folded away; cells are the summary */
    SML_BLOCK_END
} sml_block_kind;

typedef struct sml_block {
    sml_block_kind kind;
    int level;             /* of a heading */
    const sml_cell *cells; /* [rows, columns]; all but tables have one row */
    size_t rows, columns;
    const char *alignment;      /* of a table: a letter for each column, 'l' or 'r' */
    int has_heads;              /* of a table: row 0 has the headings */
    const sml_formula *formula; /* NULL but in a formula */
    const float *values;        /* of a picture: [height, width] */
    size_t height, width;
    int is_signed;    /* zero is neutral; else the least value is dark and the largest bright */
    const char *path; /* of the values */
    int holds;        /* of a check */
    int is_open;      /* of a fold */
} sml_block;

typedef struct sml_page sml_page;

typedef enum sml_page_kind {
    SML_PAGE_SAMPLE, /* a row on its way through all layers, and its classes */
    SML_PAGE_LOSS,   /* its loss, and the δ with which the way back begins */
    SML_PAGE_LAYER,  /* the largest units of a block */
    SML_PAGE_UNIT,   /* a unit of it, forward and backward, taken apart */
    SML_PAGE_WEIGHT, /* the gradient of a parameter, over the rows of the batch */
    SML_PAGE_UPDATE, /* the last step that the trace took, or what it did to a parameter */
    SML_PAGE_WHAT_IF /* a trace with edits beside one without */
} sml_page_kind;

typedef struct sml_page_options {
    sml_page_kind kind;
    size_t row;            /* of the batch */
    size_t top;            /* terms of a sum, classes, units that are listed; 0: 8 */
    size_t block, unit;    /* of a layer's and a unit's page */
    int with_backward;     /* of these two: δ and the gradients, too */
    const char *parameter; /* of a weight's page: "layers.0.weight[13,407]"; of an update's: the one
                              it is about, or NULL: all of the step */
    const sml_step_facts *step; /* of an update's page: what sml_trace_step gave */
    const sml_trace *base;      /* of what-if: a trace of the same rows without edits */
} sml_page_options;

/* Reads the trace now: a page keeps copies and does not change with it. Free with sml_page_free.
 * Errors: SML_BAD_ARGUMENT (what is not there, with what is), SML_NO_MEMORY. */
SML_API sml_status sml_page_create(sml_ctx *ctx, const sml_trace *trace,
                                   const sml_page_options *options, sml_page **out);

/* Block index; NULL past the end. */
SML_API const sml_block *sml_page_block(const sml_page *page, size_t index);

/* What the page takes apart, as sml_trace_sum is asked, in the order of "sums" in its paths; NULL
 * past the end. */
SML_API const sml_sum *sml_page_sum(const sml_page *page, size_t index);

/* A number whose way through a layer the page follows (sml_trace_unit), in the order of "units". */
SML_API const sml_trace_place *sml_page_unit_at(const sml_page *page, size_t index);

SML_API void sml_page_free(sml_page *page); /* NULL is legal */

#ifdef __cplusplus
}
#endif

#endif

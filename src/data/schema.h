/* The columns of a table: names, kinds and categories. A table is a data set of floats with a
 * schema: a cell of a categorical column holds the number of its category, a missing cell is NaN.
 */
#ifndef SML_DATA_SCHEMA_H
#define SML_DATA_SCHEMA_H

#include <scratchml/data.h>

typedef enum sml__column_kind { SML__NUMERIC, SML__CATEGORICAL } sml__column_kind;

typedef struct sml__column {
    const char *name; /* "age"; "3" for the third of a file without a header */
    sml__column_kind kind;
    size_t n_categories;           /* below 2^24, so that float32 holds their numbers exactly */
    const char *const *categories; /* [n_categories], in the order of their first row */
    uint64_t missing;              /* cells without a value */
    int is_integer;                /* numeric: every value is a whole number */
    /* Categorical only because of some cells: how many are numbers, and how many are not; of the
     * first of these its category and its line. Both 0: not so. */
    uint64_t numbers, texts;
    size_t first_text, first_text_line;
} sml__column;

/* From a row on, records begin so many lines later than one line a record would make them. */
typedef struct sml__line_jump {
    size_t row, lines;
} sml__line_jump;

/* Where the rows of a file of text stand. */
typedef struct sml__lines {
    size_t first; /* line of row 0, from 1; 0: not known */
    size_t n;
    sml__line_jump *jumps; /* [n] rows upwards */
} sml__lines;

struct sml_schema {
    size_t n;
    sml__column *columns; /* [n]: the features, neither target nor weight nor dropped columns */
    int has_names;        /* 0: no header; columns are matched by position */
    const char *target;   /* name of the target's column, or NULL */
    const char *weight;   /* name of the weights' column, or NULL */
    sml__lines lines;     /* of a table's rows; a model has none */
};

/* The line on which a row begins, which counts from 0 in its file; 0 where it is not known. */
size_t sml__line_of(const sml_schema *schema, size_t row);

/* A schema of n columns that owns copies of everything in it but the lines. Free with
 * sml__schema_free. Errors: SML_NO_MEMORY. */
sml_status sml__schema_copy(sml_ctx *ctx, const sml_schema *schema, sml_schema **out);
void sml__schema_free(sml_schema *schema);

/* Names behind one another, for a message: "a, b, c, …" where not all have room. */
typedef struct sml__name_list {
    char text[400];
    size_t used;
} sml__name_list;

void sml__list_name(sml__name_list *list, const char *name);
sml__name_list sml__schema_names(const sml_schema *schema);

#endif

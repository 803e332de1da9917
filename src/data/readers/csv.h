/* Tables as text: CSV by RFC 4180, and its relatives with other delimiters. Inside the reader.
 *
 *   csv_preamble.c what may stand before the first record
 *   csv_sniff.c  the text to its format: byte order mark, delimiter, decimal sign, header
 *   csv_field.c  one field: quotes, blanks, encoding; what a field is; messages with their place
 *   csv_plan.c   columns and options to roles: feature, target, weight, left out
 *   csv_rows.c   the loop over the records, numbers at full speed
 *   csv_lines.c  the lines on which rows begin
 *   csv_target.c the target to labels with names, or to numbers
 *   csv.c        the whole way
 *   csv_pieces.c the text of a file that is larger than memory, and
 *   csv_store.c  its rows, see csv_stream.h
 */
#ifndef SML_DATA_READERS_CSV_H
#define SML_DATA_READERS_CSV_H

#include "data/readers/dictionary.h"
#include "data/readers/reader.h"

enum {
    SML__CSV_COLUMNS_MAX = 1 << 16,
    SML__CSV_FIELD_MAX = 16 << 20, /* bytes: a longer one is a quote that was not closed */
    SML__CSV_GUESSED_CLASSES = 20, /* a numeric target with more values is no class */
    SML__CSV_SAMPLE = 1 << 16      /* bytes from which delimiter, header and kinds are guessed */
};

/* A field without its quotes and without the blanks around it. */
typedef struct sml__csv_field {
    const char *text; /* [length]; something that is no part of a number follows */
    size_t length;
    const char *begin; /* in the file */
    const char *next;  /* in the file, behind the delimiter or the end of the line */
    int ends_record;
} sml__csv_field;

/* What a field of a numeric column can be. */
typedef enum sml__csv_cell {
    SML__CELL_NUMBER,
    SML__CELL_MISSING,
    SML__CELL_INFINITE, /* or beyond float32 */
    SML__CELL_COMMA,    /* a number with a decimal comma, where points are expected */
    SML__CELL_TEXT
} sml__csv_cell;

typedef enum sml__csv_role {
    SML__ROLE_FEATURE,
    SML__ROLE_TARGET,
    SML__ROLE_WEIGHT,
    SML__ROLE_DROPPED
} sml__csv_role;

typedef struct sml__csv_column {
    const char *name; /* in csv.names */
    sml__csv_role role;
    int is_categorical;
    int is_fixed;     /* told by an option or a model: a cell of the other kind is an error */
    int turned;       /* text was found in this pass: the next one reads categories */
    int is_plain;     /* numbers that need no look beyond their value */
    int has_marker;   /* a missing cell that among names would be a name, such as "-" */
    int has_number;   /* of the sample: some cell is a number */
    int has_text;     /*                some cell is text, decimal commas aside */
    int first_recurs; /*       the first record's field comes again below it */
    size_t feature;   /* place among the features */
    float *out;       /* cell of row 0 */
    size_t stride;    /* floats from row to row */
    sml__dictionary entries;            /* categorical: the texts seen */
    size_t first_text, first_text_line; /* categorical by its cells: an entry that is no number */
} sml__csv_column;

typedef struct sml__csv_stream sml__csv_stream;

typedef struct sml__csv {
    sml_ctx *ctx;
    const char *path;
    const sml_data_options *options;
    sml__csv_stream *stream; /* NULL: the whole text is in memory, else a piece of it at a time */
    const char *begin, *end; /* the text, whole records; ends in a newline */
    const char *body;        /* behind the header */
    const char *sampled;     /* behind the last record from which kinds were guessed */
    char delimiter, decimal; /* may be one: decimal commas in quotes */
    int has_header, has_turned;
    unsigned char class_of[256]; /* how the loop over a field's bytes takes a byte: csv_field.c */
    char *scratch;               /* a quoted field whose quotes were doubled */
    size_t scratch_room;
    sml__dictionary first, names; /* fields of the first record; names of all columns */
    uint32_t *first_field;        /* [n] number in `first` */
    sml__csv_column *columns;     /* [n] */
    size_t n, n_features;
    size_t target, weight; /* columns; n: none */
    float *features, *targets, *weights;
    uint32_t *missing, *fractions; /* [n_features] how many cells are missing; is one not whole */
    size_t rows, room;             /* in memory; at the end rows are all */
    size_t more_lines, told_lines; /* those beyond one a record so far; the last in `lines` */
    sml__lines lines;
    size_t jump_room;
    size_t missing_targets, missing_target_line; /* the first one's line */
    uint32_t *class_of_entry; /* of the target: number of a text to that of its class */
    size_t class_room;
    char numbers[SML__CSV_GUESSED_CLASSES][24]; /* names of classes that are numbers */
} sml__csv;

static inline int sml__csv_is_blank(const sml__csv *csv, char c)
{
    return (c == ' ' || c == '\t') && c != csv->delimiter;
}

/* csv_field.c */
void sml__csv_prepare_fields(sml__csv *csv);
/* Reads the field that begins at `at`. Errors: SML_BAD_DATA (encoding, a zero byte, quotes),
 * SML_NO_MEMORY. column counts from 0. */
sml_status sml__csv_read_field(sml__csv *csv, const char *at, size_t column, sml__csv_field *field);
sml__csv_cell sml__csv_classify(sml__csv *csv, const sml__csv_field *field, float *value);
/* Whether a text is a missing cell among names; among numbers, where "n/a", "NAN" and "-" stand for
 * nothing else; because an option says so. */
int sml__csv_is_missing(const char *text, size_t length);
int sml__csv_is_marker(const char *text, size_t length);
int sml__csv_is_told_missing(const sml__csv *csv, const char *text, size_t length);
/* Behind a line of blanks only; NULL where the line at `at` is not one. */
const char *sml__csv_skip_blank_line(const sml__csv *csv, const char *at);
/* "PATH:LINE: column N 'name': 'field' problem". */
sml_status sml__csv_fail(sml__csv *csv, size_t column, const sml__csv_field *field,
                         const char *problem);
size_t sml__csv_line(const sml__csv *csv, const char *at);

/* The field of the first record. */
const char *sml__csv_first_field(const sml__csv *csv, size_t column);

/* csv_preamble.c. Behind a first line "sep=;", as Excel reads and writes it, whose sign goes to
 * *delimiter; `at` where there is none. */
const char *sml__csv_skip_sep(const char *at, const char *end, char *delimiter);
/* Behind blank lines and those that begin with '#'; `at` where nothing else follows. */
const char *sml__csv_skip_comments(const char *at, const char *end);
/* Such a line is a record, perhaps the header, where it has as many fields as the line `first`
 * behind them, and no comment follows it: the first one of these, or `first`. */
const char *sml__csv_first_record(const char *at, const char *first, const char *end,
                                  char delimiter);

/* csv_sniff.c: fills delimiter, decimal, has_header, body, columns with names. Errors:
 * SML_BAD_FILE, SML_BAD_DATA, SML_BAD_ARGUMENT, SML_NO_MEMORY. */
sml_status sml__csv_sniff(sml__csv *csv);
/* Whether the first line has a field that is no number, and is no comment. */
int sml__csv_has_words(const unsigned char *bytes, size_t length, int *has_delimiter);
/* Whether it is numbers, two at least, with nothing but blanks between them. */
int sml__csv_has_spaced_numbers(const unsigned char *bytes, size_t length);

/* csv_plan.c: roles and kinds. Errors: SML_UNKNOWN_NAME, SML_BAD_ARGUMENT, SML_BAD_SHAPE. */
sml_status sml__csv_plan(sml__csv *csv);

/* csv_rows.c: all records to features, targets, weights and categories. */
sml_status sml__csv_read_rows(sml__csv *csv);
/* Counts missing cells and whole numbers in the rows that are in memory. */
void sml__csv_count_cells(sml__csv *csv);

/* csv_lines.c: begins a pass; notes the line of the record that comes next, where records before it
 * took more than one; counts the lines that a quoted field goes on for; the line that is read. */
void sml__csv_start_lines(sml__csv *csv);
sml_status sml__csv_note_line(sml__csv *csv);
void sml__csv_count_lines(sml__csv *csv, const char *text, size_t length);
size_t sml__csv_current_line(const sml__csv *csv);

/* csv_target.c: begins a pass; the class of a new text of the target; at the end, the view's
 * targets, weights and class names in *block (sml__free) and *names (sml__free). */
sml_status sml__csv_start_classes(sml__csv *csv);
sml_status sml__csv_new_class(sml__csv *csv, const sml__csv_field *field, uint32_t number);
sml_status sml__csv_finish_target(sml__csv *csv, sml_data_view *view, void **block,
                                  const char ***names);

/* csv.c: frees what was found, so that the reader begins anew. */
void sml__csv_forget(sml__csv *csv);

extern const sml__reader sml__csv_reader;

#endif

/* Options, declared in tables: the parser, the checks and --help all read these rows. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <scratchml.h>

/* An option of the command line. The parameter is the row that hyper-parameters have as well;
 * SML_PARAMETER_CHOICE without choices means any text. */
typedef struct option_row {
    sml_parameter parameter;
    char letter;       /* "-o"; 0: none */
    const char *value; /* what --help calls its value: "FILE"; NULL: an option without a value */
} option_row;

/* A row whose value is any text; value NULL: an option without one. */
#define TEXT_OPTION(name, value, help)                                                             \
    {                                                                                              \
        {name, SML_PARAMETER_CHOICE, "", 0, 0, NULL, help}, 0, value                               \
    }

/* A row as one call of the program sees it. */
typedef struct option_state {
    const sml_parameter *parameter;
    char letter;
    const char *value;
    char spelling[96]; /* "learning-rate" */
    const char *given; /* the last one; NULL: not on the command line */
    const char **all;  /* [n_all] all that were given, in order */
    size_t n_all;
    int is_setting; /* a hyper-parameter of the model */
} option_state;

typedef struct options {
    option_state *states;
    size_t n;
    char **operands; /* what is no option, in order */
    size_t n_operands;
    const char *program; /* "scratchml train", for messages */
} options;

extern const option_row option_help, option_json, option_quiet, option_threads, option_data_dir,
    option_seed, option_color, option_progress, option_split, option_part;

/* Makes the states from rows, which end with NULL, and the parameters of algorithm (or NULL).
 * Free with options_free. */
void options_create(options *o, const char *program, const option_row *const *rows,
                    const char *algorithm);
void options_free(options *o);

/* Reads argv[1…]. Returns 0, or the exit code after a message. Stops at --help. */
int options_parse(options *o, int argc, char **argv);

/* The state of a row by its name; NULL where the tables have none. */
const option_state *option_find(const options *o, const char *name);
/* Whether a row of the tables has this name. */
int option_exists(const options *o, const char *name);
/* Whether this row is in them: another command may use its name for something else. */
int option_has_row(const options *o, const option_row *row);

/* name must be in the tables. The text given, the last one, or the default. */
const char *option_text(const options *o, const char *name);
int option_given(const options *o, const char *name);
/* All that were given, *n of them, for an option that may be repeated. */
const char *const *option_texts(const options *o, const char *name, size_t *n);
/* The same as a number; parse has checked it. */
uint64_t option_number(const options *o, const char *name);

#endif

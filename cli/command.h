/* A command of the program, what it is given, and how it reports failure. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "options.h"
#include "terminal.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

typedef struct session {
    const char *program; /* "scratchml train" */
    options options;
    sml_ctx *ctx;
    terminal out, err;
    int json, quiet;
} session;

typedef struct command {
    const char *name;                 /* "train", or two words: "data info" */
    const char *operands;             /* "MODEL DATA" */
    size_t least, most;               /* how many operands */
    const char *help;                 /* one line */
    const option_row *const *options; /* ends with NULL */
    const char *algorithm;            /* whose hyper-parameters are options too, or NULL */
    int (*run)(session *s);
    const char *notes; /* closes --help, or NULL */
} command;

extern const command command_train, command_search, command_evaluate, command_predict,
    command_explain, command_check, command_doctor, command_mistakes, command_info,
    command_data_list, command_data_info, command_data_show, command_data_fetch;

/* --help of a command; --help of the program. Both to stdout. */
void print_command_help(const command *c);
void print_program_help(const command *const *commands);

/* "program: text" on stderr, safe to show; without a program the text alone. Return EXIT_FAILED, or
 * EXIT_USAGE with a hint at --help. */
int fail(const char *program, const char *format, ...) __attribute__((format(printf, 2, 3)));
int fail_usage(const char *program, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with the library's own text. */
int fail_library(const session *s);

/* A line on stderr, unless --quiet. */
void note(const session *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Opens a part of DATA as the options say (data_options.h), and as a fitted model needs it, see
 * sml_model_open_data; model may be NULL. Returns 0 or the exit code after a message. */
int open_data(const session *s, const char *name, const char *split, const sml_model *model,
              sml_dataset **out);

/* The same, but where the library refuses the data there is no message, *refused says why, and the
 * text is the context's. */
int open_data_quietly(const session *s, const char *name, const char *split, const sml_model *model,
                      sml_status *refused, sml_dataset **out);

/* All rows of DATA, whose targets do not matter. */
int open_features(const session *s, const char *name, const sml_model *model, sml_dataset **out);

/* Loads the model file and opens the --split part of the data: the two operands of most
 * commands. */
int open_model_and_data(const session *s, sml_model **model, sml_dataset **data);

/* Numbers that a fitted model has learned. */
uint64_t count_parameters(const sml_model *model);

#endif
